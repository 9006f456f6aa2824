import { apiVersionOf, kinds, type Kind } from "../resources/index.ts";

/** `GET /api`. */
export const coreVersions = { kind: "APIVersions", apiVersion: "v1", versions: ["v1"] };

/** `GET /apis`. */
export function groupList(): object {
  const names = [...new Set(kinds.map(({ group }) => group))].filter((group) => group !== "");
  return { kind: "APIGroupList", apiVersion: "v1", groups: names.map((name) => groupEntry(name)) };
}

/** `GET /apis/GROUP`, undefined for one that is not served. */
export function oneGroup(name: string): object | undefined {
  const isKnown = name !== "" && kinds.some(({ group }) => group === name);
  return isKnown ? { kind: "APIGroup", apiVersion: "v1", ...groupEntry(name) } : undefined;
}

function groupEntry(name: string): {
  name: string;
  versions: object[];
  preferredVersion: object | undefined;
} {
  const found = kinds.filter(({ group }) => group === name).flatMap(({ versions }) => versions);
  const versions = [...new Set(found.map((version) => version.name))].sort(compareVersions);
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** v1 before v1beta1 before v1alpha1, as Kubernetes orders versions. */
function compareVersions(a: string, b: string): number {
  const rank = (version: string) => (version.includes("alpha") ? 2 : version.includes("beta") ? 1 : 0);
  return rank(a) - rank(b) || b.localeCompare(a, "en", { numeric: true });
}

/** `GET /api/v1` and `/apis/GROUP/VERSION`, undefined for one that is not served. */
export function resourceList(group: string, version: string): object | undefined {
  const served = kinds.filter(
    (kind) => kind.group === group && kind.versions.some(({ name }) => name === version),
  );
  if (served.length === 0) return undefined;
  const groupVersion = apiVersionOf(group, version);
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion,
    resources: served.flatMap((kind) => [
      resourceEntry(kind, ["get", "list", "watch"]),
      ...(kind.status ? [statusEntry(kind)] : []),
    ]),
  };
}

function resourceEntry(kind: Kind, verbs: string[]): { name: string } & Record<string, unknown> {
  const { plural: name, singular: singularName, namespaced, kind: kindName, shortNames } = kind;
  return {
    name,
    singularName,
    namespaced,
    kind: kindName,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
  };
}

/** Without names to call it by: kubectl would warn that a short name is ambiguous. */
function statusEntry(kind: Kind): object {
  return {
    name: `${kind.plural}/status`,
    singularName: "",
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: ["get"],
  };
}
