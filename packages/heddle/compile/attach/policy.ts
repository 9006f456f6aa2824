import type { PolicyTarget } from "../../resources/index.ts";
import type { PolicySource } from "../policy-source.ts";

/** What every policy has: its targets. The rest is its kind's. */
export interface PolicySpec {
  readonly targetRefs: readonly PolicyTarget[];
}

/** A policy as far as attaching looks at it. */
export interface Policy<Spec extends PolicySpec = PolicySpec> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly creationTimestamp?: string;
    readonly generation?: number;
  };
  readonly spec: Spec;
}

/** The policies of a kind that hold for something, put together. */
export interface Effective<Spec extends PolicySpec> {
  readonly spec: Partial<Spec>;
  readonly sources: readonly PolicySource[];
  /** Why all is denied, since a policy of a kind that fails closed has errors; "" where none has. */
  readonly denial: string;
}
