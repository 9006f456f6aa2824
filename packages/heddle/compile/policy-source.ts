import type { ResourceKey } from "../resources/index.ts";

/** Where a value that is in force comes from. */
export interface PolicySource {
  /** `retry`, or `timeouts.request`. */
  readonly field: string;
  readonly value: unknown;
  readonly policy: ResourceKey;
  /** `HTTPRoute shop/orders rule pay` */
  readonly target: string;
}
