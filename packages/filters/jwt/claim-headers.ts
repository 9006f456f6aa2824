import { isFieldValue } from "@heddle/engine/message";
import type { Credentials, Fields } from "@heddle/engine/message";
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

/**
 * Keeps what clients send under the names of headers that are claims' to fill from the backend: in the head, and in
 * trailers, which some servers put among the headers (CVE-2013-5704).
 */
export class ClaimHeaders {
  private readonly names: readonly string[];

  constructor(wanted: readonly ClaimHeader[]) {
    this.names = [...new Set(wanted.map(({ header }) => header))];
  }

  /** Before anything is filled, whatever comes of the request: but for what an authenticator before has filled. */
  strip(fields: Fields, { claimFields }: Credentials): void {
    const { names } = this;
    for (let at = 0; at < names.length; at++) {
      const name = names[at];
      if (claimFields.length === 0 || !claimFields.some(([filled]) => filled === name)) fields.delete(name);
    }
  }

  stripTrailers(trailers: Fields): void {
    for (const name of this.names) trailers.delete(name);
  }
}

/** Adds headers that were made of claims. */
export function fillClaimHeaders(
  headers: readonly (readonly [string, string])[],
  fields: Fields,
  credentials: Credentials,
): void {
  if (headers.length === 0) return;
  for (const [name, value] of headers) fields.addTrusted(name, value);
  credentials.filled(headers);
}
