import { ChunkedList, listChanges, onceForChunk, runToEnd } from "@heddle/engine/base";
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
  /**
   * What `sourced` holds, in the order of the readings, for who would walk over all of it. Where nothing is wrong it is
   * their lists one after the other; of others what counts. A chunk that did not change, and all of which counts, is the
   * same as in the state before.
   */
  readonly list: ChunkedList<SourcedResource>;
  readonly rejected: readonly SourcedRejection[];
  readonly unreadable: readonly UnreadableText[];
  readonly duplicates: readonly DuplicateResource[];
  /** Keys of what is another than in the state before; null where all may be. */
  readonly changed: ReadonlySet<ResourceKey> | null;
}

/** Joins readings; of two that give the same resource the first counts. */
export const joinReadings = (readings: readonly Reading[]): DesiredState =>
  runToEnd(new JoinedReadings().join(readings));

/** Keys looked at between two yields. */
const sliceLength = 64;

/**
 * Joins readings that follow each other: where nothing is wrong with them, only what changed is looked at. The maps of a
 * state are good until the next one begins.
 */
export class JoinedReadings {
  private list = ChunkedList.of<SourcedResource>([]);
  private sourced = new Map<ResourceKey, SourcedResource>();
  private resources = new Map<ResourceKey, Resource>();
  private implied: ReadonlyMap<ResourceKey, Resource> = new Map();
  /** Whether the maps are of the list alone, each of which is given once. */
  private isPlain = false;

  /** One that is not run to its end leaves this one of no use. */
  *join(readings: readonly Reading[]): Generator<void, DesiredState> {
    const given = ChunkedList.join(readings.map((one) => one.resources));
    const isWrong = readings.some(({ rejected }) => rejected.length > 0);
    const changed = isWrong ? null : yield* this.exchange(given);
    const rest =
      changed === null
        ? yield* this.joinAll(readings)
        : { rejected: [], duplicates: [], taken: this.sourced };
    yield;
    const { resources, sourced } = this;
    this.isPlain = rest.rejected.length === 0 && sourced.size === given.length;
    const list = this.isPlain ? given : given.mapChunks((chunk) => countingOf(chunk, sourced));
    this.list = list;
    yield;
    this.imply(rest.taken, changed);
    const { rejected, duplicates } = rest;
    const unreadable = readings.flatMap((one) => one.unreadable);
    return { resources, sourced, list, rejected, unreadable, duplicates, changed };
  }

  /** Takes over what changed; null where that is more than to replace one by another. */
  private *exchange(list: ChunkedList<SourcedResource>): Generator<void, Set<ResourceKey> | null> {
    if (!this.isPlain) return null;
    const changes = listChanges(this.list, list);
    yield;
    let seen = 0;
    const changed = new Set<ResourceKey>();
    for (const { key } of changes.gone) {
      changed.add(key);
      if (++seen % sliceLength === 0) yield;
    }
    const come = new Map<ResourceKey, SourcedResource>();
    for (const one of changes.come) {
      if (come.has(one.key) || (this.sourced.has(one.key) && !changed.has(one.key))) return null;
      come.set(one.key, one);
      if (++seen % sliceLength === 0) yield;
    }
    for (const key of changed) {
      if (!come.has(key)) {
        this.sourced.delete(key);
        this.resources.delete(key);
      }
      if (++seen % sliceLength === 0) yield;
    }
    for (const [key, one] of come) {
      changed.add(key);
      this.sourced.set(key, one);
      this.resources.set(key, one.resource);
      if (++seen % sliceLength === 0) yield;
    }
    return changed;
  }

  private *joinAll(readings: readonly Reading[]) {
    this.sourced = new Map();
    this.resources = new Map();
    this.implied = new Map();
    const { sourced } = this;
    let seen = 0;
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
        if (++seen % sliceLength === 0) yield;
      }
      for (const one of reading.rejected) {
        if (one.key === undefined || isFirst(one.key, one)) rejected.push(one);
      }
    }
    for (const [key, { resource }] of sourced) {
      this.resources.set(key, resource);
      if (++seen % sliceLength === 0) yield;
    }
    return { rejected, duplicates, taken };
  }

  /** What is there without being written. */
  private imply(taken: { has(key: ResourceKey): boolean }, changed: Set<ResourceKey> | null): void {
    const implied = impliedBy(this.list, taken);
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

/** The same chunk where all of it counts. */
function countingOf(
  chunk: readonly SourcedResource[],
  sourced: ReadonlyMap<ResourceKey, SourcedResource>,
): readonly SourcedResource[] {
  const counts = (one: SourcedResource): boolean => sourced.get(one.key) === one;
  return chunk.every(counts) ? chunk : chunk.filter(counts);
}

const className = "heddle";

/** The same objects each time, so that nothing seems to change. */
const made = new Map<ResourceKey, Resource>();

const namespacesOf = onceForChunk((chunk: readonly SourcedResource[]) => {
  const namespaces = new Set<string>();
  for (const { resource } of chunk) {
    const { namespace } = resource.metadata;
    if (namespace !== undefined) namespaces.add(namespace);
  }
  return namespaces;
});

function impliedBy(
  { chunks }: ChunkedList<SourcedResource>,
  taken: { has(key: ResourceKey): boolean },
): Map<ResourceKey, Resource> {
  const namespaces = new Set<string>(["default"]);
  for (const chunk of chunks) for (const name of namespacesOf(chunk)) namespaces.add(name);
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
