/** An HMAC over a request by a shared secret, as webhooks have it. */
export { hmac } from "./filter.ts";
export type { HmacConfig, HmacSecrets, SignedPart, TimestampPlace } from "./config.ts";
