import { isFieldValue } from "@heddle/engine/message";
import { claimAt, claimText } from "../claim-path/index.ts";
import type { ClaimHeader } from "./config.ts";

/**
 * Claims as headers: texts, numbers and booleans as they are, lists of them with commas between. What a header could
 * not say without doubt is left out: objects, list items with a comma or blanks around them, control characters.
 */
export function makeClaimHeaders(
  wanted: readonly ClaimHeader[],
  claims: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string])[] {
  const made: (readonly [string, string])[] = [];
  for (const { claim, header } of wanted) {
    const text = headerText(claimAt(claims, claim));
    if (text !== "" && isFieldValue(text)) made.push([header, text]);
  }
  return made;
}

function headerText(value: unknown): string {
  if (!Array.isArray(value)) return claimText(value)?.trim() ?? "";
  const items = value.map(claimText).filter((text) => text !== undefined);
  return items.filter((text) => text !== "" && text === text.trim() && !text.includes(",")).join(",");
}
