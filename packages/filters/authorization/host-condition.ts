import { hostOf } from "@heddle/engine/message";
import { MAYBE, NO, YES, type Answer } from "./answer.ts";
import type { TextMatch } from "./config.ts";
import { makeTextMatcher } from "./text-matcher.ts";

/**
 * Host, or :authority. Names of servers have no case, and who names one means it at every port: a value may have the port
 * or not. A name that matches without the dot at its end alone is ambiguous, as backends differ on it.
 */
export class HostCondition {
  private readonly tests: readonly ((text: string) => boolean)[];

  constructor(matches: readonly TextMatch[]) {
    this.tests = matches.map(({ type, value }) =>
      makeTextMatcher({ type, value: type === "regex" ? value : value.toLowerCase() }),
    );
  }

  /** "" is none: HTTP/1.0 may go without. */
  test(authority: string): Answer {
    if (authority === "") return NO;
    if (this.tests.length === 0) return YES;
    const host = hostOf(authority);
    if (this.matches(authority) || this.matches(host)) return YES;
    return host.endsWith(".") && this.matches(host.slice(0, -1)) ? MAYBE : NO;
  }

  private matches(text: string): boolean {
    for (const test of this.tests) if (test(text)) return true;
    return false;
  }
}
