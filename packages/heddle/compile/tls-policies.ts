import { parseKey, type BackendTLSPolicy } from "../resources/index.ts";
import type { RejectedResource } from "./compile-io.ts";
import { field, textField } from "./loose.ts";

/** A Service that a BackendTLSPolicy asks TLS for; all of its ports, or one by name. */
export interface TlsTarget {
  /** "namespace/name" of the policy. */
  readonly policy: string;
  readonly service: string;
  /** "" for all. */
  readonly portName: string;
}

/**
 * What BackendTLSPolicies target, by namespace. Policies with errors count as far as they can be read: a slip in one
 * must not send in the clear what it is there to protect.
 */
export function tlsTargets(
  policies: readonly BackendTLSPolicy[],
  rejected: readonly RejectedResource[],
): Map<string, TlsTarget[]> {
  const found = new Map<string, TlsTarget[]>();
  for (const { metadata, spec } of policies) add(found, metadata.namespace, metadata.name, spec.targetRefs);
  for (const { key, kind, document } of rejected) {
    if (kind !== "BackendTLSPolicy") continue;
    const { namespace, name } = parseKey(key);
    const refs = field(field(document, "spec"), "targetRefs");
    if (Array.isArray(refs)) add(found, namespace, name, refs);
  }
  for (const targets of found.values()) targets.sort((a, b) => (a.policy < b.policy ? -1 : 1));
  return found;
}

function add(
  found: Map<string, TlsTarget[]>,
  namespace: string,
  name: string,
  refs: readonly unknown[],
): void {
  const targets = found.get(namespace) ?? [];
  for (const ref of refs) {
    const service = textField(ref, "name");
    if (service === undefined || (textField(ref, "kind") ?? "Service") !== "Service") continue;
    if ((textField(ref, "group") ?? "") !== "") continue;
    const portName = textField(ref, "sectionName") ?? "";
    targets.push({ policy: `${namespace}/${name}`, service, portName });
  }
  found.set(namespace, targets);
}
