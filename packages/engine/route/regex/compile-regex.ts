import { literalPrefix } from "./literal-prefix.ts";
import { parsePattern } from "./parse.ts";
import { compileProgram } from "./program.ts";
import { Regex } from "./regex.ts";
import { PatternError } from "./syntax.ts";

/** Either the compiled expression, or what is wrong with the pattern and where (zero-based index). */
export type RegexResult =
  | { readonly regex: Regex; readonly problem: null }
  | { readonly regex: null; readonly problem: string; readonly position: number };

/**
 * Compiles a user's regular expression to one that matches in linear time, or says what is wrong with it.
 *
 * The syntax is RE2's without captures, Unicode classes and multi-line mode: literals, `.`, classes with ranges,
 * negation and POSIX names, `\d \w \s` and their negations, `\b \B ^ $ \A \z`, groups (named ones too),
 * `(?i)` and `(?s)`, `|`, `* + ?`, `{n}`, `{n,}`, `{n,m}`, lazy forms, `\xHH`, `\x{H}`, `\uHHHH`.
 * Characters are UTF-16 code units; `(?i)` folds ASCII alone. Refused: lookaround, backreferences, possessive
 * quantifiers, counts above 1,000, and what grows beyond 1,000 instructions.
 */
export function compileRegex(pattern: string): RegexResult {
  try {
    const node = parsePattern(pattern);
    return { regex: new Regex(pattern, compileProgram(node), literalPrefix(node)), problem: null };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const problem = `${error.message} (at character ${error.position + 1})`;
    return { regex: null, problem, position: error.position };
  }
}
