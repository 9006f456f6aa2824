/** Limits how often, how much, or how many at a time requests get through. */
export { rateLimit, rateLimitWith } from "./filter.ts";
export type { LimitStore, OpenLimitStore, StoreAnswer, StoreQuestion } from "./store.ts";
export type {
  CostConfig,
  KeyPart,
  LimitConfig,
  MatchConfig,
  MeterConfig,
  RateLimitConfig,
  StoreConfig,
  StoreCredentials,
} from "./config.ts";
