/**
 * Names a resource among all: `group/Kind/namespace/name`, with an empty group for the core group and
 * an empty namespace for resources that are in none. None of the parts can hold a slash.
 */
export type ResourceKey = `${string}/${string}/${string}/${string}`;

export interface KeyParts {
  group: string;
  kind: string;
  namespace: string;
  name: string;
}

interface Keyed {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** `gateway.networking.k8s.io` of `gateway.networking.k8s.io/v1`, empty for `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.lastIndexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

export function makeKey(group: string, kind: string, namespace: string, name: string): ResourceKey {
  return `${group}/${kind}/${namespace}/${name}`;
}

export function keyOf({ apiVersion, kind, metadata }: Keyed): ResourceKey {
  return makeKey(groupOf(apiVersion), kind, metadata.namespace ?? "", metadata.name);
}

export function parseKey(key: ResourceKey): KeyParts {
  const [group = "", kind = "", namespace = "", name = ""] = key.split("/");
  return { group, kind, namespace, name };
}
