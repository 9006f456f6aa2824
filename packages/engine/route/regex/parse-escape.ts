import { DIGIT, MAX_UNIT, negateSet, SPACE, WORD } from "./char-set.ts";
import type { CharSet } from "./char-set.ts";
import type { PatternReader } from "./pattern-reader.ts";
import { PatternError } from "./syntax.ts";

const CLASSES: ReadonlyMap<string, CharSet> = new Map([
  ["d", DIGIT],
  ["D", negateSet(DIGIT)],
  ["w", WORD],
  ["W", negateSet(WORD)],
  ["s", SPACE],
  ["S", negateSet(SPACE)],
]);

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ["t", 9],
  ["n", 10],
  ["v", 11],
  ["f", 12],
  ["r", 13],
  ["a", 7],
]);

/**
 * What follows a backslash at `at`: a set, or the letter of an assertion (b, B, A, z), which no class may hold.
 */
export function parseEscape(reader: PatternReader, at: number, inClass: boolean): CharSet | string {
  if (reader.isDone) throw new PatternError("pattern ends with a backslash", at);
  const c = reader.next();
  const set = CLASSES.get(c);
  if (set !== undefined) return set;
  const control = CONTROLS.get(c);
  if (control !== undefined) return [control, control];
  if (!inClass && (c === "b" || c === "B" || c === "A" || c === "z")) return c;
  if (c === "x" || c === "u") return hexEscape(reader, at, c);
  if (c >= "1" && c <= "9") {
    throw new PatternError("backreferences are not supported: they have no linear-time match", at);
  }
  if (c === "0") return [0, 0];
  const code = c.charCodeAt(0);
  if ((code | 32) >= 97 && (code | 32) <= 122) throw new PatternError(`escape "\\${c}" is not supported`, at);
  return [code, code];
}

/** \xHH, \x{H…} and \uHHHH. */
function hexEscape(reader: PatternReader, at: number, letter: "x" | "u"): CharSet {
  let digits: string;
  if (letter === "x" && reader.eat("{")) {
    const end = reader.text.indexOf("}", reader.at);
    if (end < 0) throw new PatternError("hexadecimal escape is malformed", at);
    digits = reader.text.slice(reader.at, end);
    reader.at = end + 1;
  } else {
    const length = letter === "x" ? 2 : 4;
    digits = reader.text.slice(reader.at, reader.at + length);
    reader.at += length;
    if (digits.length < length) throw new PatternError("hexadecimal escape is malformed", at);
  }
  if (digits.length === 0 || digits.length > 6 || !isHex(digits)) {
    throw new PatternError("hexadecimal escape is malformed", at);
  }
  const code = Number.parseInt(digits, 16);
  if (code > MAX_UNIT) throw new PatternError("characters above U+FFFF are not supported", at);
  return [code, code];
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHex(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!isDigit(c) && !((c | 32) >= 97 && (c | 32) <= 102)) return false;
  }
  return true;
}
