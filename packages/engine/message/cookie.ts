import type { RequestHead } from "./head.ts";

/** The first value of a cookie (RFC 6265 section 5.4), without blanks around it; undefined when there is none of that name. */
export function readCookie(request: RequestHead, name: string): string | undefined {
  for (const line of request.fields.getAll("cookie")) {
    for (const pair of line.split(";")) {
      const at = pair.indexOf("=");
      if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
    }
  }
  return undefined;
}
