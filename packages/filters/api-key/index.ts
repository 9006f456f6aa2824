/** API keys: who shows one that is known, and has not expired, is its consumer. */
export { apiKey } from "./filter.ts";
export { apiKeyDigest, isKeyPrefix, makeApiKey, visiblePartOf } from "./key-format.ts";
export { digestHeadLength } from "./config.ts";
export type { ApiKeyConfig, ApiKeyRecord, ApiKeyTable } from "./config.ts";
