/**
 * Whether a condition holds, where that may not be known: Kleene's three values, so that "and" is the least, "or" the
 * greatest, and "not" what is left to 2. A rule that allows must hold for certain, one that denies holds where it may.
 */
export type Answer = 0 | 1 | 2;

export const NO = 0;
export const MAYBE = 1;
export const YES = 2;

export const not = (answer: Answer): Answer => (2 - answer) as Answer;

/** Of several values of one thing: all of them say so, or some, or none. */
export function ofMany(matched: number, all: number): Answer {
  return matched === 0 ? NO : matched === all ? YES : MAYBE;
}
