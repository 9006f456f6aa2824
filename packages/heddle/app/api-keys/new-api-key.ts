import { hash, randomInt } from "node:crypto";
import { makeApiKey, visiblePartOf } from "@heddle/filters/api-key";
import type { ApiKeyEntryFields } from "../../resources/index.ts";

export interface ApiKeyWish {
  readonly prefix: string;
  readonly consumer: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch; 0 for never. */
  readonly expiresMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NewApiKey {
  /** Nowhere else, and never again. */
  readonly key: string;
  /** Its visible part: the name of its entry. */
  readonly id: string;
  readonly entry: ApiKeyEntryFields;
}

/** Makes a key and the entry by which it is known. Throws RangeError for a prefix that no key has. */
export function newApiKey(
  { prefix, consumer, scopes, expiresMs, metadata }: ApiKeyWish,
  nowMs: number,
): NewApiKey {
  const key = makeApiKey(prefix, (below) => randomInt(below));
  return {
    key,
    id: visiblePartOf(key),
    entry: {
      hash: `sha256:${hash("sha256", key)}`,
      consumer,
      ...(scopes.length > 0 && { scopes }),
      ...(expiresMs !== 0 && { expires: timeText(expiresMs) }),
      created: timeText(nowMs),
      ...(Object.keys(metadata).length > 0 && { metadata }),
    },
  };
}

/** To the second: "2027-01-31T00:00:00Z". */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
