import { apiVersionOf, type Kind, type Resource } from "../resources/index.ts";
import type { ResourcePath } from "./resource-path.ts";
import { tableOf } from "./table.ts";

/** What is asked of resources. */
export interface ResourceQuery {
  readonly path: ResourcePath;
  readonly params: URLSearchParams;
  readonly accept: string;
}

/** The versions of a kind differ in name only, or are turned into the preferred one when they are read. */
export function inVersion(resource: Resource, kind: Kind, version: string): Resource {
  const apiVersion = apiVersionOf(kind.group, version);
  return resource.apiVersion === apiVersion ? resource : ({ ...resource, apiVersion } as Resource);
}

export function isTableAsked({ accept }: ResourceQuery): boolean {
  return /(^|,)\s*application\/json;[^,]*\bas=Table\b/.test(accept);
}

export function tableFor(
  resources: readonly Resource[],
  { path, params }: ResourceQuery,
  revision: string,
): object {
  return tableOf(resources, path.kind.kind, revision, params.get("includeObject") ?? "Metadata", Date.now());
}
