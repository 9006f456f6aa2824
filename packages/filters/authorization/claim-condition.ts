import { claimText, type ClaimPath } from "../claim-path/index.ts";
import { MAYBE, NO, YES, type Answer } from "./answer.ts";

type Claims = Readonly<Record<string, unknown>>;

/**
 * A claim of a principal, compared as text. What is not there, or null, has none of the values. What is there without a
 * text may mean one of them to whoever made the token, in a form that cannot be read here: objects, lists within lists,
 * numbers that several read as one, a list or a text where its name leads through.
 */
export class ClaimCondition {
  private readonly path: ClaimPath;
  private readonly values: ReadonlySet<string>;

  /** Without `values`: whether it is there. */
  constructor(path: ClaimPath, values: readonly string[]) {
    this.path = path;
    this.values = new Set(values);
  }

  test(claims: Claims): Answer {
    let value: unknown = claims;
    for (const name of this.path) {
      if (typeof value !== "object" || Array.isArray(value)) return MAYBE;
      value = Object.hasOwn(value as Claims, name) ? (value as Claims)[name] : null;
      if (value === null || value === undefined) return NO;
    }
    if (this.values.size === 0) return YES;
    return Array.isArray(value) ? this.ofList(value) : this.ofOne(value);
  }

  /** One that matches is enough; one without a text might be the one. */
  private ofList(list: readonly unknown[]): Answer {
    let answer: Answer = NO;
    for (const one of list) {
      const own = this.ofOne(one);
      if (own > answer) answer = own;
    }
    return answer;
  }

  private ofOne(value: unknown): Answer {
    if (value === null) return NO;
    const text = claimText(value);
    return text === undefined ? MAYBE : this.values.has(text) ? YES : NO;
  }
}
