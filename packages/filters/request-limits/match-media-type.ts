import { isToken } from "@heddle/engine/message";
import type { MediaRange } from "./config.ts";

/** Whether a Content-Type is among `allowed`; parameters (charset, boundary) do not matter. */
export function matchMediaType(contentType: string, allowed: readonly MediaRange[]): boolean {
  const semicolon = contentType.indexOf(";");
  const essence = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  const slash = essence.indexOf("/");
  const type = essence.slice(0, Math.max(slash, 0));
  const subtype = essence.slice(slash + 1);
  // What is no media type (RFC 9110 section 8.3.1), such as two in one field, is none of them.
  if (!isToken(type) || !isToken(subtype)) return false;
  return allowed.some((range) => {
    if (range.type !== type) return false;
    if (range.suffix !== "") return subtype.endsWith(`+${range.suffix}`);
    return range.subtype === "" || range.subtype === subtype;
  });
}

/** As it is written. */
export function formatMediaRange({ type, subtype, suffix }: MediaRange): string {
  if (suffix !== "") return `${type}/*+${suffix}`;
  return `${type}/${subtype === "" ? "*" : subtype}`;
}
