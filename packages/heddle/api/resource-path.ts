import { findKindByPlural, type Kind, type ServedKind } from "../resources/index.ts";

/** What a path below `/api/v1` or `/apis/GROUP/VERSION` names. */
export interface ResourcePath {
  readonly kind: Kind;
  readonly version: string;
  /** "" for all namespaces, and for kinds that are in none. */
  readonly namespace: string;
  /** "" for the list. */
  readonly name: string;
}

/**
 * Reads the segments after group and version: `[namespaces/NS/]PLURAL[/NAME[/status]]`. Undefined for what is not
 * served. `namespaces/NS` alone names the Namespace itself.
 */
export function parseResourcePath(
  group: string,
  version: string,
  segments: readonly string[],
): ResourcePath | undefined {
  const isBelowNamespace = segments[0] === "namespaces" && segments.length > 2;
  const namespace = isBelowNamespace ? segments[1]! : "";
  const [plural = "", name = "", sub = "", ...more] = isBelowNamespace ? segments.slice(2) : segments;
  const served = findKindByPlural(group, version, plural);
  if (served === undefined || more.length > 0) return undefined;
  if (!isWellFormed(served, namespace, isBelowNamespace, name, sub)) return undefined;
  return { kind: served.kind, version, namespace, name };
}

function isWellFormed(
  { kind }: ServedKind,
  namespace: string,
  isBelowNamespace: boolean,
  name: string,
  sub: string,
): boolean {
  if (sub !== "" && (sub !== "status" || !kind.status || name === "")) return false;
  if (isBelowNamespace) return kind.namespaced && namespace !== "";
  // A name needs its namespace; without one only the list over all namespaces makes sense.
  return !kind.namespaced || name === "";
}
