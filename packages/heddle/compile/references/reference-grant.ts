import { readGrants, type FactReader } from "../pass/facts.ts";

/** Who refers: the group, kind and namespace of the resource that holds the reference. */
export interface Referrer {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

export interface ReferenceTarget {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Whether a reference is allowed: within a namespace always, else by a ReferenceGrant in the target's namespace. */
export function isGranted(facts: FactReader, from: Referrer, to: ReferenceTarget): boolean {
  if (from.namespace === to.namespace) return true;
  return readGrants(facts, to.namespace).some(
    ({ spec }) =>
      spec.from.some(
        ({ group, kind, namespace }) =>
          group === from.group && kind === from.kind && namespace === from.namespace,
      ) &&
      spec.to.some(
        ({ group, kind, name = "" }) =>
          group === to.group && kind === to.kind && (name === "" || name === to.name),
      ),
  );
}

/** The message for a reference that lacks a grant. */
export function grantMissing(from: Referrer, to: ReferenceTarget): string {
  return (
    `${to.kind} ${to.namespace}/${to.name} is in another namespace; add a ReferenceGrant to namespace ` +
    `${to.namespace} from ${from.kind} of namespace ${from.namespace} to ${to.kind} ${to.name}`
  );
}
