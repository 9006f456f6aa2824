import type { Fields } from "@heddle/engine/message";
import type { RateLimitConfig } from "./config.ts";
import type { Limit } from "./limit.ts";
import type { Use } from "./meters/meter.ts";

/** Tells clients how they stand with the limits of one filter that concern them and refuse. */
export class LimitFields {
  private readonly isStandard: boolean;
  private readonly isOld: boolean;
  private readonly policies: readonly string[];

  constructor(form: RateLimitConfig["headers"], limits: readonly Limit[]) {
    this.isStandard = form === "standard" || form === "both";
    this.isOld = form === "x-ratelimit" || form === "both";
    this.policies = limits.map(policyOf);
  }

  add(fields: Fields, limits: readonly Limit[], uses: readonly (Use | null)[]): void {
    if (uses.length === 0) return;
    if (this.isStandard) this.addStandard(fields, limits, uses);
    if (this.isOld) addOld(fields, limits, uses);
  }

  /** draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4: lists of strings with parameters (RFC 9651). */
  private addStandard(fields: Fields, limits: readonly Limit[], uses: readonly (Use | null)[]): void {
    let policies = "";
    let standing = "";
    for (let at = 0; at < limits.length; at++) {
      const use = uses[at];
      if (use === null || limits[at].config.isShadow) continue;
      const comma = policies === "" ? "" : ", ";
      policies += comma + this.policies[at];
      standing += `${comma}"${limits[at].config.name}";r=${use.remaining}`;
      if (use.resetMs > 0) standing += `;t=${Math.ceil(use.resetMs / 1000)}`;
    }
    if (policies === "") return;
    fields.addTrusted("ratelimit-policy", policies);
    fields.addTrusted("ratelimit", standing);
  }
}

function policyOf({ config, meter }: Limit): string {
  const unit = config.meter.kind === "concurrency" ? ';qu="concurrent-requests"' : "";
  const window = meter.windowS === 0 ? "" : `;w=${meter.windowS}`;
  return `"${config.name}";q=${meter.quota}${unit}${window}`;
}

/** The form that many services have, with seconds until the reset: of the limit with the least left. */
function addOld(fields: Fields, limits: readonly Limit[], uses: readonly (Use | null)[]): void {
  let tightest = -1;
  let least = Infinity;
  for (let at = 0; at < limits.length; at++) {
    const use = uses[at];
    if (use === null || limits[at].config.isShadow) continue;
    const share = use.remaining / limits[at].meter.quota;
    if (share >= least) continue;
    least = share;
    tightest = at;
  }
  if (tightest < 0) return;
  const use = uses[tightest]!;
  const told = fields.get("x-ratelimit-remaining");
  // There is room for one: whoever has told already, another of these filters or the service, may have less left.
  if (told !== undefined && Number(told) <= use.remaining) return;
  fields.set("x-ratelimit-limit", String(limits[tightest].meter.quota));
  fields.set("x-ratelimit-remaining", String(use.remaining));
  fields.set("x-ratelimit-reset", String(Math.ceil(use.resetMs / 1000)));
}
