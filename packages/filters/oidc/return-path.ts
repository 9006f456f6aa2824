/** A place that no request has. */
const NOWHERE = "http://nowhere.invalid";

/**
 * Where a browser may be sent back to: a path of this origin, with its query, and nothing that any browser reads as
 * another one (`//host`, `/\host`, a tab between, a scheme). "/" for all else (CWE-601).
 */
export function safeReturnPath(text: string): string {
  if (!/^\/(?![/\\])[!-~]*$/.test(text) || text.includes("\\")) return "/";
  if (!URL.canParse(text, NOWHERE)) return "/";
  const { origin, pathname, search } = new URL(text, NOWHERE);
  return origin === NOWHERE && !pathname.startsWith("//") ? pathname + search : "/";
}
