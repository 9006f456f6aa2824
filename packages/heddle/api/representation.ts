import { apiVersionOf, keyOf, type Kind, type Resource, type ResourceKey } from "../resources/index.ts";
import type { ResourcePath } from "./resource-path.ts";
import { tableOf } from "./table.ts";

/** What is asked of resources. */
export interface ResourceQuery {
  readonly path: ResourcePath;
  readonly params: URLSearchParams;
  readonly accept: string;
  /** As of ApiFacts. */
  createdAt(key: ResourceKey): string | undefined;
}

/** With the time at which it came. */
function dated(resource: Resource, { createdAt }: ResourceQuery): Resource {
  if (resource.metadata.creationTimestamp !== undefined) return resource;
  const creationTimestamp = createdAt(keyOf(resource));
  if (creationTimestamp === undefined) return resource;
  return { ...resource, metadata: { ...resource.metadata, creationTimestamp } } as Resource;
}

/** As it is asked for. */
export const representationOf = (resource: Resource, query: ResourceQuery): Resource =>
  inVersion(dated(resource, query), query.path.kind, query.path.version);

/** The versions of a kind differ in name only, or are turned into the preferred one when they are read. */
function inVersion(resource: Resource, kind: Kind, version: string): Resource {
  const apiVersion = apiVersionOf(kind.group, version);
  return resource.apiVersion === apiVersion ? resource : ({ ...resource, apiVersion } as Resource);
}

export function isTableAsked({ accept }: ResourceQuery): boolean {
  return /(^|,)\s*application\/json;[^,]*\bas=Table\b/.test(accept);
}

export function tableFor(resources: readonly Resource[], query: ResourceQuery, revision: string): object {
  const { path, params } = query;
  const all = resources.map((resource) => dated(resource, query));
  return tableOf(all, path.kind.kind, revision, params.get("includeObject") ?? "Metadata", Date.now());
}
