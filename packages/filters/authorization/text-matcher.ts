import { compileRegex } from "@heddle/engine/route";
import type { TextMatch } from "./config.ts";

/** Throws for a pattern that is none; compile has checked that it is one. */
export function makeTextMatcher({ type, value }: TextMatch): (text: string) => boolean {
  if (type === "exact") return (text) => text === value;
  if (type === "prefix") return (text) => text.startsWith(value);
  return makePattern(value);
}

/** In linear time, whatever the pattern and the text (threats 22). It stands for the whole text. */
export function makePattern(pattern: string): (text: string) => boolean {
  const { regex, problem } = compileRegex(pattern);
  if (regex === null) throw new Error(problem);
  return (text) => regex.matches(text);
}
