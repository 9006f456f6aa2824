import { listPlaces, missingPlaces } from "@heddle/engine/base";
import { makeKey, validateResource, type Resource, type ResourceKey } from "../resources/index.ts";
import { formatOrigin, type Origin } from "./origin.ts";
import type { Reading, SourcedRejection, SourcedResource, UnreadableText } from "./reading.ts";

/** A resource that two places give. The first counts. */
export interface DuplicateResource {
  readonly key: ResourceKey;
  /** The place that does not count, and what to say of it. */
  readonly origin: Origin;
  readonly message: string;
}

/** What all sources together ask for. */
export interface DesiredState {
  /** Each key once; with what is there without being written: namespaces, the class. */
  readonly resources: ReadonlyMap<ResourceKey, Resource>;
  /** Where they are written; none for what is there by itself. */
  readonly sourced: ReadonlyMap<ResourceKey, SourcedResource>;
  readonly rejected: readonly SourcedRejection[];
  readonly unreadable: readonly UnreadableText[];
  readonly duplicates: readonly DuplicateResource[];
  /** Keys of what is another than in the state before; null where all may be. */
  readonly changed: ReadonlySet<ResourceKey> | null;
}

/** Joins readings; of two that give the same resource the first counts. */
export const joinReadings = (readings: readonly Reading[]): DesiredState =>
  new JoinedReadings().join(readings);

/**
 * Joins readings that follow each other: where nothing is wrong with them, only what changed is looked at. The maps of a
 * state are good until the next one.
 */
export class JoinedReadings {
  private list: readonly SourcedResource[] = [];
  private sourced = new Map<ResourceKey, SourcedResource>();
  private resources = new Map<ResourceKey, Resource>();
  private implied: ReadonlyMap<ResourceKey, Resource> = new Map();
  /** Whether the maps are of the list alone, each of which is given once. */
  private isPlain = false;

  join(readings: readonly Reading[]): DesiredState {
    const [first, ...others] = readings;
    const list = others.length === 0 ? (first?.resources ?? []) : readings.flatMap((one) => one.resources);
    const changed = readings.some(({ rejected }) => rejected.length > 0) ? null : this.exchange(list);
    const rest =
      changed === null ? this.joinAll(readings) : { rejected: [], duplicates: [], taken: this.sourced };
    this.imply(rest.taken, changed);
    this.isPlain = rest.rejected.length === 0 && this.sourced.size === list.length;
    this.list = list;
    const { resources, sourced } = this;
    const { rejected, duplicates } = rest;
    const unreadable = readings.flatMap((one) => one.unreadable);
    return { resources, sourced, rejected, unreadable, duplicates, changed };
  }

  /** Takes over what changed; null where that is more than to replace one by another. */
  private exchange(list: readonly SourcedResource[]): Set<ResourceKey> | null {
    if (!this.isPlain) return null;
    const places = listPlaces(this.list, list);
    const gone = new Set(missingPlaces(places, this.list.length).map((at) => this.list[at]!.key));
    const come = new Map<ResourceKey, SourcedResource>();
    for (let at = 0; at < list.length; at++) {
      if (places[at] !== -1) continue;
      const one = list[at]!;
      if (come.has(one.key) || (this.sourced.has(one.key) && !gone.has(one.key))) return null;
      come.set(one.key, one);
    }
    for (const key of gone) {
      if (come.has(key)) continue;
      this.sourced.delete(key);
      this.resources.delete(key);
    }
    for (const [key, one] of come) {
      this.sourced.set(key, one);
      this.resources.set(key, one.resource);
    }
    return new Set([...gone, ...come.keys()]);
  }

  private joinAll(readings: readonly Reading[]) {
    this.sourced = new Map();
    this.resources = new Map();
    this.implied = new Map();
    const { sourced } = this;
    const taken = new Map<ResourceKey, { readonly origin: Origin }>();
    const duplicates: DuplicateResource[] = [];
    const rejected: SourcedRejection[] = [];
    const isFirst = (key: ResourceKey, one: { readonly origin: Origin }): boolean => {
      const first = taken.get(key);
      if (first === undefined) taken.set(key, one);
      else
        duplicates.push({
          key,
          origin: one.origin,
          message: `is given twice, first at ${formatOrigin(first.origin)}; remove one`,
        });
      return first === undefined;
    };
    for (const reading of readings) {
      for (const one of reading.resources) {
        const isSame = one.isShared === true && sourced.get(one.key)?.isShared === true;
        if (!isSame && isFirst(one.key, one)) sourced.set(one.key, one);
      }
      for (const one of reading.rejected) {
        if (one.key === undefined || isFirst(one.key, one)) rejected.push(one);
      }
    }
    for (const [key, { resource }] of sourced) this.resources.set(key, resource);
    return { rejected, duplicates, taken };
  }

  /** What is there without being written. */
  private imply(taken: { has(key: ResourceKey): boolean }, changed: Set<ResourceKey> | null): void {
    const implied = impliedBy(this.sourced.values(), taken);
    for (const key of this.implied.keys()) {
      if (implied.has(key)) continue;
      if (!this.sourced.has(key)) this.resources.delete(key);
      changed?.add(key);
    }
    for (const [key, resource] of implied) {
      this.resources.set(key, resource);
      if (!this.implied.has(key)) changed?.add(key);
    }
    this.implied = implied;
  }
}

const className = "heddle";

/** The same objects each time, so that nothing seems to change. */
const made = new Map<ResourceKey, Resource>();

function impliedBy(
  sourced: Iterable<SourcedResource>,
  taken: { has(key: ResourceKey): boolean },
): Map<ResourceKey, Resource> {
  const namespaces = new Set<string>(["default"]);
  let last: string | undefined = "default";
  for (const { resource } of sourced) {
    const { namespace } = resource.metadata;
    // Most have the namespace of their neighbour.
    if (namespace !== undefined && namespace !== last) namespaces.add(namespace);
    last = namespace;
  }
  const implied = new Map<ResourceKey, Resource>();
  const add = (key: ResourceKey, make: () => unknown) => {
    if (taken.has(key)) return;
    const known = made.get(key) ?? validateResource(make()).resource!;
    made.set(key, known);
    implied.set(key, known);
  };
  for (const name of namespaces) {
    add(makeKey("", "Namespace", "", name), () => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    }));
  }
  add(makeKey("gateway.networking.k8s.io", "GatewayClass", "", className), () => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: className },
    spec: { controllerName: "heddle.dev/gateway-controller", description: "Served by this Heddle." },
  }));
  return implied;
}
