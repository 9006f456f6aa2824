import type { KeyHash, SharedTable } from "@heddle/engine/shared";
import type { MeterConfig } from "../config.ts";
import { Concurrency } from "./concurrency.ts";
import { FixedWindow } from "./fixed-window.ts";
import type { Meter } from "./meter.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { TokenBucket } from "./token-bucket.ts";

/** `share` of what is configured is given: 1, or less while others give the rest. Never nothing. */
export function makeMeter(config: MeterConfig, share: number, table: SharedTable, hash: KeyHash): Meter {
  const part = (units: number): number => Math.max(1, Math.floor(units * share));
  switch (config.kind) {
    case "token-bucket":
      return new TokenBucket(table, hash, config.tokens * share, config.periodMs, part(config.burst));
    case "sliding-window":
      return new SlidingWindow(table, hash, part(config.quota), config.windowMs);
    case "fixed-window":
      return new FixedWindow(table, hash, part(config.quota), config.unit);
    case "concurrency":
      return new Concurrency(table, hash, config.quota);
  }
}
