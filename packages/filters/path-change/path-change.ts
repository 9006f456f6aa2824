/**
 * How redirect and rewrite change a path (HTTPPathModifier of the Gateway API).
 * - "full": `value` replaces all of it, and begins with "/".
 * - "prefix": `value` replaces the matched prefix; it begins with "/" and does not end with it, or is "".
 */
export interface PathChange {
  readonly type: "full" | "prefix";
  readonly value: string;
}

/**
 * `path` after the change. A prefix is replaced by whole segments, its trailing slash does not count, and what is
 * left empty becomes "/":
 *
 *   path      matched  value   result          path    matched  value  result
 *   /foo/bar  /foo     /xyz    /xyz/bar        /foo/   /foo     /xyz   /xyz/
 *   /foo/bar  /foo     ""      /bar            /foo    /foo     ""     /
 *   /foo/bar  /        /xyz    /xyz/foo/bar    /       /        /xyz   /xyz/
 *
 * A path that does not lie under the prefix is returned as it is: an earlier filter has replaced it already.
 */
export function changePath(path: string, matchedPath: string, change: PathChange): string {
  if (change.type === "full") return change.value;
  const prefix = matchedPath.endsWith("/") ? matchedPath.slice(0, -1) : matchedPath;
  if (!path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  if (rest !== "" && !rest.startsWith("/")) return path;
  const changed = change.value + rest;
  return changed === "" ? "/" : changed;
}
