import type { CheckRegex } from "./schema-book.ts";
import { readApi, type ApiReading } from "./read-api.ts";

/** Documents that are kept read: rules that share one ask for it one after the other. */
const MAX_KEPT = 8;

const kept = new Map<string, ApiReading>();
let keptFor: CheckRegex | null = null;

/** `readApi`, which gives the same for the same text. */
export function readApiOnce(text: string, checkRegex: CheckRegex): ApiReading {
  if (keptFor !== checkRegex) kept.clear();
  keptFor = checkRegex;
  const known = kept.get(text);
  if (known !== undefined) return known;
  const reading = readApi(text, checkRegex);
  const oldest = kept.size < MAX_KEPT ? undefined : kept.keys().next().value;
  if (oldest !== undefined) kept.delete(oldest);
  kept.set(text, reading);
  return reading;
}
