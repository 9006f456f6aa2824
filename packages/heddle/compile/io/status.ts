import type { Condition, ParentReference } from "../../resources/index.ts";

/** A condition without the time of its last change: who stores it knows what it was before. */
export type StatusCondition = Omit<Condition, "lastTransitionTime">;

export interface ConditionsStatus {
  readonly conditions: readonly StatusCondition[];
}

export interface GatewayClassStatus extends ConditionsStatus {
  /** Sorted by name. */
  readonly supportedFeatures: readonly { readonly name: string }[];
}

export interface ListenerStatus extends ConditionsStatus {
  readonly name: string;
  readonly attachedRoutes: number;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
}

export interface GatewayStatus extends ConditionsStatus {
  readonly addresses: readonly { readonly type: string; readonly value: string }[];
  readonly listeners: readonly ListenerStatus[];
  /** ListenerSets that are accepted; absent where the Gateway does not say which it takes. */
  readonly attachedListenerSets?: number;
}

export interface ListenerSetStatus extends ConditionsStatus {
  /** None where the Gateway does not take it. */
  readonly listeners: readonly ListenerStatus[];
}

export interface RouteParentStatus extends ConditionsStatus {
  readonly parentRef: ParentReference;
  readonly controllerName: string;
}

export interface RouteStatus {
  readonly parents: readonly RouteParentStatus[];
}

export interface PolicyStatus {
  readonly ancestors: readonly (ConditionsStatus & {
    readonly ancestorRef: ParentReference;
    readonly controllerName: string;
  })[];
}

/** What compile says of a resource: the content of its `status` but for the times. */
export type Status =
  | ConditionsStatus
  | GatewayClassStatus
  | GatewayStatus
  | ListenerSetStatus
  | RouteStatus
  | PolicyStatus;

/** A condition's reason, in one word, with its message. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
}

/** Something that keeps a condition from being good: which field, what is wrong with it, and the mend. */
export interface Finding {
  readonly reason: string;
  readonly path: string;
  readonly message: string;
}

export function makeFinding(reason: string, path: string, message: string): Finding {
  return { reason, path, message };
}

/** Tells a finding from the plain data that stands in its place where all is well. */
export function isFinding(value: object | null): value is Finding {
  return value !== null && "reason" in value;
}

/** Findings as one verdict: the first one's reason, all messages with their paths; null without any. */
export function verdictOf(findings: readonly (Finding | null)[]): Verdict | null {
  const real = findings.filter((one) => one !== null);
  const [first] = real;
  if (first === undefined) return null;
  const texts = real.map(({ path, message }) => `${path}: ${message}`);
  return { reason: first.reason, message: [...new Set(texts)].join("; ") };
}

/** Longest message that a condition may have. */
const maxMessageLength = 32_768;

export function condition(
  type: string,
  status: "True" | "False",
  { reason, message }: Verdict,
  generation: number | undefined,
): StatusCondition {
  const bounded = message.length > maxMessageLength ? `${message.slice(0, maxMessageLength - 1)}…` : message;
  const base = { type, status, reason, message: bounded };
  return generation === undefined ? base : { ...base, observedGeneration: generation };
}

/** What is done, but not as its field asks for: where, and the mend. */
export interface Warning {
  readonly path: string;
  readonly message: string;
}

/** Warnings as the message of a condition that is good nonetheless. */
export function noteOf(warnings: readonly Warning[]): string {
  return warnings.map(({ path, message }) => `${path}: ${message}`).join("; ");
}

/** A condition that is good where there is no verdict against it: True with `goodReason` and `note`, else False. */
export function goodUnless(
  type: string,
  verdict: Verdict | null,
  goodReason: string,
  generation: number | undefined,
  note: string = "",
): StatusCondition {
  return verdict === null
    ? condition(type, "True", { reason: goodReason, message: note }, generation)
    : condition(type, "False", verdict, generation);
}
