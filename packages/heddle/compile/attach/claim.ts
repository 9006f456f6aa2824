import {
  keyOf,
  makeKey,
  parseKey,
  policyTargetGroups,
  rootNamespace,
  type PolicyTarget,
  type PolicyTargetKind,
  type ResourceKey,
} from "../../resources/index.ts";
import { createdMs } from "../values/age.ts";
import type { RejectedResource } from "../io/compile-io.ts";
import type { FactName, FactReader } from "../pass/facts.ts";
import { field, textField } from "../values/loose.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import { valueAt } from "./field-path.ts";
import { misplacedField } from "./misplaced.ts";
import type { PolicyKind } from "./policy-kind.ts";
import type { Policy, PolicySpec } from "./policy.ts";

/** What a policy says of one of its targets. */
export interface Claim {
  readonly policy: ResourceKey;
  readonly createdMs: number;
  /** Of the target among the policy's. */
  readonly index: number;
  readonly target: PolicyTarget;
  /** Null: the policy has errors and fails closed, so that the target denies. */
  readonly spec: PolicySpec | null;
  /** Why it does not hold, whatever is there: it stands in no other's way. */
  readonly refused: Finding | null;
  /** It has no field that could have an effect: it stands in no other's way either. */
  readonly isEmpty: boolean;
}

/** The fact that holds the claims on a target of policies of a kind, the one that goes first first. */
export const claimsFact = (kind: string, target: ResourceKey): FactName => `~policy/${kind}/${target}`;

/**
 * The fact that holds the policies of a kind for which all of a namespace denies, the lowest first: they have errors,
 * fail closed, and it cannot be told what all they are to guard.
 */
export const namespaceFact = (kind: string, namespace: string): FactName => `~policy/${kind}/*/${namespace}`;

export function readNamespaceDenials(facts: FactReader, kind: string, namespace: string) {
  return (facts.read(namespaceFact(kind, namespace)) as readonly ResourceKey[] | undefined) ?? [];
}

export function readClaims(facts: FactReader, kind: string, target: ResourceKey): readonly Claim[] {
  return (facts.read(claimsFact(kind, target)) as readonly Claim[] | undefined) ?? [];
}

export const targetKey = (kind: PolicyTargetKind, namespace: string, name: string): ResourceKey =>
  makeKey(policyTargetGroups[kind], kind, namespace, name);

/** The claim that holds for a section of a target; "" is all of it. */
export function holderOf(claims: readonly Claim[], sectionName: string): Claim | undefined {
  return claims.find(
    ({ target, refused, isEmpty }) =>
      refused === null && !isEmpty && (target.sectionName ?? "") === sectionName,
  );
}

/** The older first, then the lower name: all claims on a target are of one namespace. */
export function compareClaims(a: Claim, b: Claim): number {
  if (a.createdMs !== b.createdMs) return a.createdMs - b.createdMs;
  return a.policy < b.policy ? -1 : a.policy > b.policy ? 1 : a.index - b.index;
}

export function claimsOf(kind: PolicyKind, policy: Policy): readonly Claim[] {
  const { targetRefs } = policy.spec;
  const isEmpty = saysNothing(kind, policy.spec);
  return targetRefs.map((target, index) => ({
    policy: keyOf(policy),
    createdMs: createdMs(policy),
    index,
    target,
    spec: policy.spec,
    refused:
      outsideRoot(policy.metadata.namespace, target, index) ?? misplacedField(kind, policy.spec, target),
    isEmpty,
  }));
}

/** Whether a policy has none of its kind's fields. */
export const saysNothing = ({ fields }: PolicyKind, spec: PolicySpec): boolean =>
  Object.keys(fields).every((path) => valueAt(spec, path) === undefined);

/** A policy for all is none of a namespace's own; null for any other target. */
function outsideRoot(namespace: string, { kind }: PolicyTarget, index: number): Finding | null {
  if (kind !== "GatewayClass" || namespace === rootNamespace) return null;
  const message = `a policy for a GatewayClass counts in namespace ${rootNamespace} alone; put it there, or attach it to namespace ${namespace}`;
  return makeFinding("Invalid", `spec.targetRefs[${index}]`, message);
}

/**
 * Of a policy with errors. Where its kind fails closed they are those of its last good version, or as far as its
 * targets can be read they deny. Where it fails open they only carry its status.
 */
export function claimsOfRejected(kind: PolicyKind, rejected: RejectedResource): readonly Claim[] {
  const { key, document, lastGood } = rejected;
  if (kind.failure === "closed" && lastGood !== undefined) return claimsOf(kind, lastGood as Policy);
  const metadata = field(document, "metadata");
  const { namespace, name } = parseKey(key);
  const creationTimestamp = textField(metadata, "creationTimestamp");
  const age = createdMs({
    metadata: { namespace, name, ...(creationTimestamp !== undefined && { creationTimestamp }) },
  });
  const refused =
    kind.failure === "closed" ? null : makeFinding("Invalid", "", "it has errors, and is not in force");
  return readTargets(kind, document).targets.map(({ target, index }) => ({
    policy: key,
    createdMs: age,
    index,
    target,
    spec: null,
    refused: refused ?? outsideRoot(namespace, target, index),
    // What it says cannot be read.
    isEmpty: false,
  }));
}

/** Whether a policy with errors has its namespace deny: one of its targets, or all of them, cannot be read. */
export function deniesNamespace(kind: PolicyKind, { document, lastGood }: RejectedResource): boolean {
  return kind.failure === "closed" && lastGood === undefined && !readTargets(kind, document).isComplete;
}

/** As many as a policy may have. */
const maxTargets = 16;

interface ReadTargets {
  readonly targets: readonly { readonly target: PolicyTarget; readonly index: number }[];
  /** There are some, and each could be read. */
  readonly isComplete: boolean;
}

function readTargets(kind: PolicyKind, document: unknown): ReadTargets {
  const refs = field(field(document, "spec"), "targetRefs");
  if (!Array.isArray(refs)) return { targets: [], isComplete: false };
  const targets = refs.slice(0, maxTargets).flatMap((ref, index) => {
    const target = readTarget(kind, ref);
    return target === null ? [] : [{ target, index }];
  });
  return { targets, isComplete: targets.length > 0 && targets.length === refs.length };
}

/** What a reference leaves out it does not narrow; what it has in another form cannot be read. */
function readTarget(kind: PolicyKind, ref: unknown): PolicyTarget | null {
  const found = kind.targets.find((one) => one === textField(ref, "kind"));
  const name = textField(ref, "name");
  const sectionName = textField(ref, "sectionName");
  if (found === undefined || name === undefined) return null;
  if (sectionName === undefined && field(ref, "sectionName") !== undefined) return null;
  return { kind: found, name, ...(sectionName !== undefined && { sectionName }) };
}
