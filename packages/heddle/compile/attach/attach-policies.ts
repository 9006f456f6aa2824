import {
  keyOf,
  makeKey,
  parseKey,
  policyTargetGroups,
  type PolicyTarget,
  type Resource,
  type ResourceKey,
} from "../../resources/index.ts";
import type { Collector } from "../pass/collector.ts";
import { defaultControllerName, type CompileOptions, type RejectedResource } from "../io/compile-io.ts";
import { problemOf, type CompileProblem } from "../io/compile-problem.ts";
import { readPresence, type FactName, type FactReader, type Facts } from "../pass/facts.ts";
import { field } from "../values/loose.ts";
import { defaultClassName } from "../gateways/gateway-class.ts";
import type { CompileMemo } from "../pass/memo.ts";
import { PolicyPlace, namespacePlace } from "../policies/policy-source.ts";
import {
  goodUnless,
  makeFinding,
  verdictOf,
  type Finding,
  type PolicyStatus,
  type StatusCondition,
} from "../io/status.ts";
import {
  claimsFact,
  claimsOf,
  claimsOfRejected,
  compareClaims,
  deniesNamespace,
  holderOf,
  namespaceFact,
  readClaims,
  saysNothing,
  targetKey,
  type Claim,
} from "./claim.ts";
import type { PolicyKind } from "./policy-kind.ts";
import type { Policy } from "./policy.ts";
import { requestPlace } from "../filters/request-place.ts";
import { sectionsOf, sectionWords } from "./sections.ts";

export interface PolicyRun {
  readonly facts: Facts;
  readonly memo: CompileMemo;
  readonly options: CompileOptions;
  readonly collector: Collector;
}

/** Policies, or targets, between two yields. */
const sliceLength = 256;

/** The policies of a kind. */
interface PoliciesOfKind {
  readonly kind: PolicyKind;
  readonly policies: readonly Policy[];
}

/** What policies of a kind claim. */
interface KindClaims extends PoliciesOfKind {
  readonly broken: readonly RejectedResource[];
  readonly own: ReadonlyMap<ResourceKey, readonly Claim[]>;
  readonly denials: ReadonlyMap<string, readonly ResourceKey[]>;
}

/**
 * Makes what policies say facts, by target, for whoever compiles the targets, and gives the policies their statuses.
 * Work grows with the number of policies, not with that of targets.
 */
export function* attachPolicies(
  kinds: readonly PoliciesOfKind[],
  rejected: readonly RejectedResource[],
  run: PolicyRun,
): Generator<void> {
  const { facts, memo } = run;
  const kindsBy = new Map<FactName, string[]>();
  const claimed: KindClaims[] = [];
  for (const one of kinds) {
    claimed.push(yield* claimTargets(one, rejected, kindsBy, run));
    yield;
  }
  let done = 0;
  for (const [fact, names] of kindsBy) {
    facts.set(fact, memo.keepList(fact, names));
    if (++done % sliceLength === 0) yield;
  }
  // A report may look at what policies of any kind say.
  for (const one of claimed) {
    yield* reportPolicies(one, run);
    yield;
  }
}

/** `kindsBy` are the kinds by target, and by namespace that denies. */
function* claimTargets(
  { kind, policies }: PoliciesOfKind,
  rejected: readonly RejectedResource[],
  kindsBy: Map<FactName, string[]>,
  { facts, memo }: PolicyRun,
): Generator<void, KindClaims> {
  const byFact = new Map<FactName, Claim[]>();
  const own = new Map<ResourceKey, readonly Claim[]>();
  const index = (namespace: string, claims: readonly Claim[]): void => {
    for (const claim of claims) {
      const { kind: of, name } = claim.target;
      const fact = claimsFact(kind.kind, targetKey(of, namespace, name));
      if (!byFact.has(fact)) add(kindsBy, new PolicyPlace(of, namespace, name).attachedFact, kind.kind);
      add(byFact, fact, claim);
    }
  };
  let done = 0;
  for (const policy of policies) {
    const key = keyOf(policy);
    const claims = memo.of(`~claims/${key}`, policy, facts, () => claimsOf(kind, policy));
    own.set(key, claims);
    index(policy.metadata.namespace, claims);
    if (++done % sliceLength === 0) yield;
  }
  const broken = rejected.filter((one) => one.kind === kind.kind);
  for (const one of broken) {
    const claims = memo.keepValue(`~claims/${one.key}`, claimsOfRejected(kind, one));
    own.set(one.key, claims);
    index(parseKey(one.key).namespace, claims);
  }
  const denials = denialsByNamespace(kind, broken);
  for (const [namespace, keys] of denials) {
    const fact = namespaceFact(kind.kind, namespace);
    facts.set(fact, memo.keepValue(fact, keys.sort()));
    add(kindsBy, namespacePlace(namespace).denyingFact, kind.kind);
  }
  for (const [fact, claims] of byFact) {
    if (claims.length > 1) claims.sort(compareClaims);
    facts.set(fact, memo.keepList(fact, claims));
    if (++done % sliceLength === 0) yield;
  }
  return { kind, policies, broken, own, denials };
}

function* reportPolicies(
  { kind, policies, broken, own, denials }: KindClaims,
  { facts, memo, options, collector }: PolicyRun,
): Generator<void> {
  let done = 0;
  for (const policy of policies) {
    const key = keyOf(policy);
    const report = memo.of(`~attached/${key}`, policy, facts, (reader) =>
      reportPolicy(kind, policy, own.get(key)!, reader, options),
    );
    collector.status(key, report.status);
    collector.problemsOf(report.problems);
    if (++done % sliceLength === 0) yield;
  }
  for (const one of broken) {
    const { key } = one;
    const status = rejectedStatus(kind, one, own.get(key)!, options);
    collector.status(key, memo.keepValue(`status/${key}`, status));
    if (denials.get(parseKey(key).namespace)?.includes(key) !== true) continue;
    const message = `has targets that cannot be read, so all of namespace ${parseKey(key).namespace} denies; name each target, or remove the policy`;
    collector.problemsOf([problemOf(key, makeFinding("Invalid", "spec.targetRefs", message))]);
  }
}

/** The policies with errors for which all of a namespace denies. */
function denialsByNamespace(
  kind: PolicyKind,
  broken: readonly RejectedResource[],
): ReadonlyMap<string, ResourceKey[]> {
  const denials = new Map<string, ResourceKey[]>();
  for (const one of broken) {
    if (!deniesNamespace(kind, one)) continue;
    add(denials, parseKey(one.key).namespace, one.key);
  }
  return denials;
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

interface PolicyReport {
  readonly status: PolicyStatus;
  readonly problems: readonly CompileProblem[];
}

function reportPolicy(
  kind: PolicyKind,
  policy: Policy,
  claims: readonly Claim[],
  facts: FactReader,
  options: CompileOptions,
): PolicyReport {
  const key = keyOf(policy);
  const { generation } = policy.metadata;
  const unresolved = kind.findings?.(policy, requestPlace(facts, options)) ?? [];
  const problems = unresolved.map((finding) => problemOf(key, finding));
  if (saysNothing(kind, policy.spec)) problems.push(withoutEffect(kind, key));
  const resolved =
    kind.findings === undefined
      ? []
      : [goodUnless("ResolvedRefs", verdictOf(unresolved), "ResolvedRefs", generation)];
  const ancestors = claims.map((claim) => {
    const finding = findingOf(kind, claim, facts);
    if (finding !== null) problems.push(problemOf(key, finding));
    const accepted = goodUnless("Accepted", verdictOf([finding]), "Accepted", generation);
    return ancestorOf(key, claim.target, [accepted, ...resolved], options);
  });
  return { status: { ancestors }, problems };
}

function withoutEffect({ kind, fields }: PolicyKind, key: ResourceKey): CompileProblem {
  const names = new Set(Object.keys(fields).map((path) => path.split(".")[0]));
  const message = `says where it holds, and nothing else: it has no effect; ${kind} has ${[...names].join(", ")}`;
  return { key, path: "spec", message, severity: "warning" };
}

/** Each target is an ancestor of its own, so there are no more of them than a status may have (16). */
function ancestorOf(
  policy: ResourceKey,
  { kind, name, sectionName }: PolicyTarget,
  conditions: readonly StatusCondition[],
  options: CompileOptions,
): PolicyStatus["ancestors"][number] {
  const { namespace } = parseKey(policy);
  const group = policyTargetGroups[kind];
  const ref = kind === "GatewayClass" ? { group, kind, name } : { group, kind, namespace, name };
  return {
    ancestorRef: sectionName === undefined ? ref : { ...ref, sectionName },
    controllerName: options.controllerName ?? defaultControllerName,
    conditions,
  };
}

/** Why a policy does not hold for a target; null where it does. */
function findingOf(kind: PolicyKind, claim: Claim, facts: FactReader): Finding | null {
  const { target, policy, index: at, refused, isEmpty } = claim;
  const { namespace } = parseKey(policy);
  const path = `spec.targetRefs[${at}]`;
  const isOfClass = target.kind === "GatewayClass";
  if (isOfClass && refused !== null) return refused;
  const name = isOfClass ? `GatewayClass ${target.name}` : `${target.kind} ${namespace}/${target.name}`;
  const key = targetKey(target.kind, namespace, target.name);
  const presence = presenceOf(target, key, namespace, facts);
  if (target.kind === "Namespace" && presence === "absent") {
    const message = `a policy is attached to its own namespace, ${namespace}; name that, or put the policy into namespace ${target.name}`;
    return makeFinding("TargetNotFound", `${path}.name`, message);
  }
  if (presence === "absent") return makeFinding("TargetNotFound", path, `there is no ${name}`);
  if (presence === "rejected")
    return makeFinding("TargetNotFound", path, `${name} has errors; mend it first`);
  const { sectionName = "" } = target;
  if (sectionName !== "") {
    const hasParts = sectionWords[target.kind] !== "";
    const found = hasParts ? sectionsOf(facts.read(key) as Resource) : [];
    if (!found.includes(sectionName)) {
      return makeFinding("TargetNotFound", `${path}.sectionName`, sectionMissing(target, name, found));
    }
  }
  if (refused !== null) return refused;
  if (isEmpty) return null;
  const holder = holderOf(readClaims(facts, kind.kind, key), sectionName);
  if (holder === undefined || holder.policy === policy) return null;
  const message = `${kind.kind} ${parseKey(holder.policy).name}, which goes first, holds for this target already; remove one`;
  return makeFinding("Conflicted", path, message);
}

function presenceOf({ kind, name }: PolicyTarget, key: ResourceKey, namespace: string, facts: FactReader) {
  // A namespace is there with whatever is in it, and a class without being declared.
  if (kind === "Namespace") return name === namespace ? "present" : "absent";
  if (kind !== "GatewayClass") return readPresence(facts, key);
  if (name === defaultClassName) return "present";
  return readPresence(facts, makeKey(policyTargetGroups.GatewayClass, "GatewayClass", "", name));
}

function sectionMissing(
  { kind, sectionName = "" }: PolicyTarget,
  name: string,
  found: readonly string[],
): string {
  const word = sectionWords[kind];
  if (word === "") return `a ${kind} has no parts; remove it`;
  const has = found.length === 0 ? "none has a name" : `it has ${found.join(", ")}`;
  return `${name} has no ${word} ${sectionName}; ${has}`;
}

/** What is wrong with it is told by validation; the status says what became of it. */
function rejectedStatus(
  kind: PolicyKind,
  rejected: RejectedResource,
  claims: readonly Claim[],
  options: CompileOptions,
): PolicyStatus {
  const { key, document } = rejected;
  const generation = field(field(document, "metadata"), "generation");
  const verdict = {
    reason: "Invalid",
    message: `it has errors, so ${consequenceOf(kind, rejected)}`,
  };
  const acceptedUnless = (reason: typeof verdict) =>
    goodUnless("Accepted", reason, "Accepted", typeof generation === "number" ? generation : undefined);
  const accepted = acceptedUnless(verdict);
  const ancestors = claims.map(({ target, refused }) => {
    const isRefused = refused !== null && kind.failure === "closed";
    const condition = isRefused ? acceptedUnless(verdictOf([refused])!) : accepted;
    return ancestorOf(key, target, [condition], options);
  });
  if (!deniesNamespace(kind, rejected)) return { ancestors };
  const { namespace } = parseKey(key);
  const controllerName = options.controllerName ?? defaultControllerName;
  const ancestorRef = { group: "", kind: "Namespace", name: namespace };
  // A status has 16 at most.
  return { ancestors: [{ ancestorRef, controllerName, conditions: [accepted] }, ...ancestors].slice(0, 16) };
}

function consequenceOf(kind: PolicyKind, rejected: RejectedResource): string {
  if (kind.failure === "open") return "it is not in force";
  if (rejected.lastGood !== undefined) return "the version before it stays in force";
  if (!deniesNamespace(kind, rejected)) return "its targets deny until it is mended";
  return "all of its namespace denies until it is mended, since not all of its targets can be read";
}
