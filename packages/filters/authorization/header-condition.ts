import { MAYBE, NO, ofMany, YES, type Answer } from "./answer.ts";
import type { TextMatch } from "./config.ts";
import { makeTextMatcher } from "./text-matcher.ts";

/**
 * The values of a header: every line of it, and where one is a list with commas every item, since nobody can tell which
 * of them the backend goes by (threats 14).
 */
export class HeaderCondition {
  private readonly tests: readonly ((text: string) => boolean)[];
  private readonly exact: ReadonlySet<string>;

  constructor(matches: readonly TextMatch[]) {
    this.tests = matches.map(makeTextMatcher);
    this.exact = new Set(matches.filter(({ type }) => type === "exact").map(({ value }) => value));
  }

  test(lines: readonly string[]): Answer {
    if (lines.length === 0) return NO;
    if (this.tests.length === 0) return YES;
    let matched = 0;
    let isDoubtful = false;
    for (const line of lines) {
      const answer = this.lineAnswer(line);
      if (answer === YES) matched++;
      else if (answer === MAYBE) isDoubtful = true;
    }
    return isDoubtful ? MAYBE : ofMany(matched, lines.length);
  }

  private lineAnswer(line: string): Answer {
    // Who writes a value with a comma means that one.
    if (!line.includes(",") || this.exact.has(line)) return this.matches(line) ? YES : NO;
    const items = line.split(",").map((item) => item.trim());
    const matched = items.filter((item) => this.matches(item)).length;
    const answer = ofMany(matched, items.length);
    return answer === NO && this.matches(line) ? MAYBE : answer;
  }

  private matches(text: string): boolean {
    for (const test of this.tests) if (test(text)) return true;
    return false;
  }
}
