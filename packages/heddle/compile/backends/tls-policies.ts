import { parseKey, type BackendTLSPolicy } from "../../resources/index.ts";
import { compareAge } from "../values/age.ts";
import type { RejectedResource } from "../io/compile-io.ts";
import { field, textField } from "../values/loose.ts";

/** A Service that a BackendTLSPolicy asks TLS for: all of its ports, or one by name. */
export interface TlsTarget {
  /** Name of the policy, whose namespace is the Service's. */
  readonly policy: string;
  readonly service: string;
  /** "" for all. */
  readonly portName: string;
  /** The older policy with the same target, which is in force there; "" where this one is. */
  readonly lostTo: string;
}

interface Claimant {
  readonly metadata: { name: string; namespace: string; creationTimestamp?: string };
  readonly targetRefs: readonly unknown[];
}

/**
 * What BackendTLSPolicies target, by namespace; of those with one target the oldest wins, then the lower name.
 * Policies with errors count as far as they can be read: a slip in one must not send in the clear what it is there to
 * protect.
 */
export function tlsTargets(
  policies: readonly BackendTLSPolicy[],
  rejected: readonly RejectedResource[],
): Map<string, TlsTarget[]> {
  const claimants: Claimant[] = policies.map(({ metadata, spec }) => ({
    metadata,
    targetRefs: spec.targetRefs,
  }));
  for (const { key, kind, document } of rejected) {
    const refs = field(field(document, "spec"), "targetRefs");
    if (kind !== "BackendTLSPolicy" || !Array.isArray(refs)) continue;
    const creationTimestamp = textField(field(document, "metadata"), "creationTimestamp");
    const { namespace, name } = parseKey(key);
    const metadata = { namespace, name, ...(creationTimestamp !== undefined && { creationTimestamp }) };
    claimants.push({ metadata, targetRefs: refs });
  }
  const found = new Map<string, TlsTarget[]>();
  for (const claimant of claimants.sort(compareAge)) add(found, claimant);
  return found;
}

function add(found: Map<string, TlsTarget[]>, { metadata, targetRefs }: Claimant): void {
  const { namespace, name: policy } = metadata;
  const targets = found.get(namespace) ?? [];
  for (const ref of targetRefs) {
    const service = textField(ref, "name");
    if (service === undefined || (textField(ref, "kind") ?? "Service") !== "Service") continue;
    if ((textField(ref, "group") ?? "") !== "") continue;
    const portName = textField(ref, "sectionName") ?? "";
    const winner = targets.find((one) => one.service === service && one.portName === portName);
    targets.push({ policy, service, portName, lostTo: winner?.lostTo || (winner?.policy ?? "") });
  }
  found.set(namespace, targets);
}
