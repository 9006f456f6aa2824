import type { Condition, ParentReference } from "../resources/index.ts";

/** A condition without the time of its last change, which `stampStatus` adds. */
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
export type Status = ConditionsStatus | GatewayClassStatus | GatewayStatus | RouteStatus | PolicyStatus;

/** Something that keeps a condition from being good: the reason in one word, and what to mend. */
export interface Finding {
  readonly reason: string;
  readonly message: string;
}

/** Longest message that a condition may have. */
const maxMessageLength = 32_768;

export function condition(
  type: string,
  status: "True" | "False",
  { reason, message }: Finding,
  generation: number | undefined,
): StatusCondition {
  const bounded = message.length > maxMessageLength ? `${message.slice(0, maxMessageLength - 1)}…` : message;
  const base = { type, status, reason, message: bounded };
  return generation === undefined ? base : { ...base, observedGeneration: generation };
}

/** A condition that is good while nothing was found: True with `goodReason`, else False with the finding. */
export function goodUnless(
  type: string,
  found: Finding | null,
  goodReason: string,
  generation: number | undefined,
): StatusCondition {
  return found === null
    ? condition(type, "True", { reason: goodReason, message: "" }, generation)
    : condition(type, "False", found, generation);
}

/** Several findings as one: the first one's reason, all messages. */
export function joinFindings(findings: readonly Finding[]): Finding | null {
  const [first] = findings;
  if (first === undefined) return null;
  return { reason: first.reason, message: [...new Set(findings.map(({ message }) => message))].join("; ") };
}
