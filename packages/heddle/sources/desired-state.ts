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
}

/** Joins readings; of two that give the same resource the first counts. */
export function joinReadings(readings: readonly Reading[]): DesiredState {
  const sourced = new Map<ResourceKey, SourcedResource>();
  const places = new Map<ResourceKey, Origin>();
  const duplicates: DuplicateResource[] = [];
  const rejected: SourcedRejection[] = [];
  const isFirst = (key: ResourceKey, origin: Origin): boolean => {
    const first = places.get(key);
    if (first === undefined) places.set(key, origin);
    else
      duplicates.push({
        key,
        origin,
        message: `is given twice, first at ${formatOrigin(first)}; remove one`,
      });
    return first === undefined;
  };
  for (const reading of readings) {
    for (const one of reading.resources) {
      const isSame = one.isShared === true && sourced.get(one.key)?.isShared === true;
      if (!isSame && isFirst(one.key, one.origin)) sourced.set(one.key, one);
    }
    for (const one of reading.rejected) {
      if (one.key === undefined || isFirst(one.key, one.origin)) rejected.push(one);
    }
  }
  const resources = new Map<ResourceKey, Resource>();
  for (const [key, { resource }] of sourced) resources.set(key, resource);
  const taken = new Set(places.keys());
  addImplied(resources, taken);
  return { resources, sourced, rejected, unreadable: readings.flatMap((one) => one.unreadable), duplicates };
}

const className = "heddle";

/** The same objects each time, so that nothing seems to change. */
const implied = new Map<ResourceKey, Resource>();

function addImplied(resources: Map<ResourceKey, Resource>, taken: ReadonlySet<ResourceKey>): void {
  const namespaces = new Set<string>(["default"]);
  for (const { metadata } of resources.values()) {
    if (metadata.namespace !== undefined) namespaces.add(metadata.namespace);
  }
  const add = (key: ResourceKey, make: () => unknown) => {
    if (taken.has(key)) return;
    const known = implied.get(key) ?? validateResource(make()).resource!;
    implied.set(key, known);
    resources.set(key, known);
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
}
