import type { RequestHead } from "@heddle/engine/message";

/**
 * Whether a person waits for a page: only then does a redirect to a login make sense. Scripts get 401, which they can
 * see; a redirect would send them, and their methods, to the provider. Browsers say which it is (Fetch Metadata); older
 * ones by what they accept.
 */
export function isNavigation({ method, fields, upgrade }: RequestHead): boolean {
  if ((method !== "GET" && method !== "HEAD") || upgrade !== "" || fields.has("x-requested-with"))
    return false;
  const mode = fields.get("sec-fetch-mode");
  if (mode !== undefined) return mode === "navigate";
  return fields.getAll("accept").some((value) => /\btext\/html\b/i.test(value));
}
