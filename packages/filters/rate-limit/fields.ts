import type { Fields } from "@heddle/engine/message";
import type { LimitConfig, RateLimitConfig } from "./config.ts";
import { meterTerms } from "./meters/meter-terms.ts";
import type { Use } from "./meters/meter.ts";

/** Tells clients how they stand with the limits of one filter that concern them and refuse. */
export class LimitFields {
  private readonly isStandard: boolean;
  private readonly isOld: boolean;
  private readonly limits: readonly LimitConfig[];
  private readonly quotas: readonly number[];
  private readonly policies: readonly string[];

  constructor(form: RateLimitConfig["headers"], limits: readonly LimitConfig[]) {
    this.isStandard = form === "standard" || form === "both";
    this.isOld = form === "x-ratelimit" || form === "both";
    this.limits = limits;
    this.quotas = limits.map(({ meter }) => meterTerms(meter).quota);
    this.policies = limits.map(policyOf);
  }

  add(fields: Fields, uses: readonly (Use | null)[]): void {
    if (uses.length === 0) return;
    if (this.isStandard) this.addStandard(fields, uses);
    if (this.isOld) this.addOld(fields, uses);
  }

  /** draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4: lists of strings with parameters (RFC 9651). */
  private addStandard(fields: Fields, uses: readonly (Use | null)[]): void {
    const { limits } = this;
    let policies = "";
    let standing = "";
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || limits[at].isShadow) continue;
      const comma = policies === "" ? "" : ", ";
      policies += comma + this.policies[at];
      standing += `${comma}"${limits[at].name}";r=${use.remaining}`;
      if (use.resetMs > 0) standing += `;t=${Math.ceil(use.resetMs / 1000)}`;
    }
    if (policies === "") return;
    fields.addTrusted("ratelimit-policy", policies);
    fields.addTrusted("ratelimit", standing);
  }

  /** The form that many services have, with seconds until the reset: of the limit with the least left. */
  private addOld(fields: Fields, uses: readonly (Use | null)[]): void {
    const { limits, quotas } = this;
    let tightest = -1;
    let least = Infinity;
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || limits[at].isShadow) continue;
      const share = use.remaining / quotas[at];
      if (share >= least) continue;
      least = share;
      tightest = at;
    }
    if (tightest < 0) return;
    const use = uses[tightest]!;
    const told = fields.get("x-ratelimit-remaining");
    // There is room for one: whoever has told already, another of these filters or the service, may have less left.
    if (told !== undefined && Number(told) <= use.remaining) return;
    fields.set("x-ratelimit-limit", String(quotas[tightest]));
    fields.set("x-ratelimit-remaining", String(use.remaining));
    fields.set("x-ratelimit-reset", String(Math.ceil(use.resetMs / 1000)));
  }
}

function policyOf({ name, meter }: LimitConfig): string {
  const { quota, windowS } = meterTerms(meter);
  const unit = meter.kind === "concurrency" ? ';qu="concurrent-requests"' : "";
  return `"${name}";q=${quota}${unit}${windowS === 0 ? "" : `;w=${windowS}`}`;
}
