/** Limits how often, how much, or how many at a time requests get through. */
export { rateLimit } from "./filter.ts";
export type {
  CostConfig,
  KeyPart,
  LimitConfig,
  MatchConfig,
  MeterConfig,
  RateLimitConfig,
  StoreConfig,
} from "./config.ts";
