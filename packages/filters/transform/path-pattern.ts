import type { PathPattern } from "./config.ts";

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * What stands at the names of the pattern, decoded; null where the path does not match. "broken": it matches, and
 * what stands there is no UTF-8.
 */
export function matchPath(
  pattern: PathPattern | null,
  path: string,
): ReadonlyMap<string, string> | null | "broken" {
  if (pattern === null) return NONE;
  const found = path.slice(1).split("/");
  const { segments, isOpen } = pattern;
  if (isOpen ? found.length < segments.length : found.length !== segments.length) return null;
  const captures = new Map<string, string>();
  let isBroken = false;
  for (const [index, segment] of segments.entries()) {
    const text = found[index]!;
    if ("text" in segment) {
      if (segment.text !== text) return null;
      continue;
    }
    if (text === "") return null;
    const decoded = decode(text);
    if (decoded === null) isBroken = true;
    else captures.set(segment.name, decoded);
  }
  return isBroken ? "broken" : captures;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
