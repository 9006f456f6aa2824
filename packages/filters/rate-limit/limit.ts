import { createHash } from "node:crypto";
import type { KeyHash, SharedTable } from "@heddle/engine/shared";
import type { Exchange, Fields } from "@heddle/engine/message";
import type { LimitConfig } from "./config.ts";
import { readUnits } from "./cost.ts";
import { readKeyPart } from "./key-part.ts";
import { matchesLimit } from "./match.ts";
import { makeMeter } from "./meters/make-meter.ts";
import { meterTerms } from "./meters/meter-terms.ts";
import type { Meter } from "./meters/meter.ts";
import { Use } from "./meters/meter.ts";

/** In place of the parts of a key that a request lacks. */
const MISSING = -1;

/** One limit, ready to be used: of one filter, as every other of its scope counts in the same entries. */
export class Limit {
  readonly config: LimitConfig;
  readonly meter: Meter;
  /** Of all of it, also where this process gives a share. */
  private readonly quota: number;
  /** The events that it is counted by. */
  readonly limitedEvent: string;
  readonly missingEvent: string;
  private readonly hash: KeyHash;
  private readonly prefix: string;

  /** `share` as of `makeMeter`. */
  constructor(config: LimitConfig, table: SharedTable, share: number) {
    this.config = config;
    // What is counted, and how: a limit that changes begins anew, and what is said of it does not matter.
    const identity = JSON.stringify([config.scope, config.name, config.meter, config.key]);
    this.hash = table.hashFor(`rate-limit ${share} ${identity}`);
    this.quota = meterTerms(config.meter).quota;
    this.meter = makeMeter(config.meter, share, table, this.hash);
    this.limitedEvent = `${config.isShadow ? "shadow-limited" : "limited"}:${config.name}`;
    this.missingEvent = `key-missing:${config.name}`;
    this.prefix = digest(identity);
  }

  /** Null: the limit does not concern the exchange. "deny": the exchange has no key, and may not go without. */
  begin(exchange: Exchange): Use | null | "deny" {
    const { config, hash } = this;
    if (config.match !== null && !matchesLimit(config.match, exchange)) return null;
    const use = new Use();
    hash.begin();
    for (const part of config.key) {
      const text = readKeyPart(part, exchange);
      if (text === undefined) {
        if (config.whenMissing !== "shared") return config.whenMissing === "skip" ? null : "deny";
        hash.begin();
        hash.word(MISSING);
        break;
      }
      hash.text(text);
    }
    hash.end();
    use.hi = hash.hi;
    use.lo = hash.lo;
    use.cost = this.costOf(exchange);
    return use;
  }

  /** What a store knows the limit and the key by: nobody reads a client's name off it. */
  storeKey(exchange: Exchange): string {
    const parts: string[] = [];
    for (const part of this.config.key) {
      const text = readKeyPart(part, exchange);
      if (text === undefined) return `${this.prefix}:`;
      parts.push(text);
    }
    return `${this.prefix}:${digest(JSON.stringify(parts))}`;
  }

  private costOf({ request }: Exchange): number {
    const { cost } = this.config;
    if (cost.from === "response-header") return 0;
    if (cost.from === "constant") return cost.units;
    const units = readUnits(request.fields, cost.name, cost.units);
    return units < 0 ? this.quota : units;
  }

  /** What the response says that it cost. `fields` null: there is none. */
  costOfResponse(fields: Fields | null): number {
    const { cost } = this.config;
    if (cost.from !== "response-header") return 0;
    if (fields === null) return cost.units;
    const units = readUnits(fields, cost.name, cost.units);
    return units < 0 ? this.quota : units;
  }
}

const digest = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 22);
