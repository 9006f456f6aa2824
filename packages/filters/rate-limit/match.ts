import { hasHeaderLine, headerLines } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import type { MatchConfig } from "./config.ts";

/** Whether a limit concerns an exchange. Paths are looked at as they came, in their normal form. */
export function matchesLimit({ methods, pathPrefixes, headers }: MatchConfig, exchange: Exchange): boolean {
  const { request, originalPath } = exchange;
  if (methods.length > 0 && !methods.includes(request.method)) return false;
  if (pathPrefixes.length > 0 && !pathPrefixes.some((prefix) => isBelow(originalPath, prefix))) return false;
  for (const { name, value } of headers) {
    // Any of several: who sends a header twice does not get around a limit.
    if (value === null ? headerLines(request, name).length === 0 : !hasHeaderLine(request, name, value))
      return false;
  }
  return true;
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47);
}
