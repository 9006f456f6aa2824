import type { TextMatch } from "./config.ts";
import { MAYBE, NO, YES, type Answer } from "./answer.ts";
import { makePattern } from "./text-matcher.ts";

type Test = (path: string) => boolean;

/**
 * Paths in the form that router and backend see. Backends do not agree on everything in it: some take /ADMIN, /admin/
 * and /admin;v=1 for /admin, and where escaped slashes are kept, /admin%2Fx for /admin/x. What matches under one reading and not under another is ambiguous.
 */
export class PathCondition {
  private readonly tests: readonly { readonly exact: Test; readonly loose: Test }[];

  constructor(paths: readonly TextMatch[]) {
    this.tests = paths.map(makeTests);
  }

  test(path: string): Answer {
    let best: Answer = NO;
    let bare = "";
    for (const { exact, loose } of this.tests) {
      if (exact(path) && (!path.includes(";") || exact(withoutParameters(path)))) return YES;
      if (best === MAYBE) continue;
      if (bare === "") bare = looseForm(path);
      if (loose(bare) || exact(path)) best = MAYBE;
    }
    return best;
  }
}

function makeTests({ type, value }: TextMatch): { exact: Test; loose: Test } {
  if (type === "regex") {
    return { exact: makePattern(value), loose: makePattern(`(?i)${value}`) };
  }
  const bareValue = looseForm(value);
  if (type === "exact") return { exact: (path) => path === value, loose: (bare) => bare === bareValue };
  return { exact: (path) => isBelow(path, value), loose: (bare) => isBelow(bare, bareValue) };
}

/** By segments: /foo is a prefix of /foo and /foo/bar, not of /foobar. */
function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path.charCodeAt(prefix.length) === 47;
}

const withoutParameters = (path: string): string =>
  path.includes(";") ? path.replaceAll(/;[^/]*/g, "") : path;

/** As servers read it that decode first: slashes and parameters are such however they are written, a NUL ends it. */
const decodedFirst = (path: string): string =>
  path.includes("%")
    ? path
        .replaceAll(/%2F|%5C/g, "/")
        .replaceAll("%3B", ";")
        .replace(/%00.*/, "")
    : path;

function looseForm(path: string): string {
  const bare = withoutParameters(decodedFirst(path))
    .replaceAll(/\/{2,}/g, "/")
    .toLowerCase();
  return bare.length > 1 && bare.endsWith("/") ? bare.slice(0, -1) : bare;
}
