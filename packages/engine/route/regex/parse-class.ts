import { foldSet, negateSet, normalizeSet, POSIX } from "./char-set.ts";
import type { CharSet } from "./char-set.ts";
import { parseEscape } from "./parse-escape.ts";
import type { PatternReader } from "./pattern-reader.ts";
import { PatternError } from "./syntax.ts";

/** A class whose "[" at `at` is read. A "]" that stands first is a literal, as in RE2 and POSIX. */
export function parseClass(reader: PatternReader, at: number, ignoreCase: boolean): CharSet {
  const isNegated = reader.eat("^");
  const ranges: number[] = [];
  for (let isFirst = true; isFirst || !reader.isAt("]"); isFirst = false) {
    if (reader.isDone) throw new PatternError('"[" without its "]"', at);
    const start = reader.at;
    const from = parseItem(reader);
    if (!isRangeAhead(reader)) {
      ranges.push(...from);
      continue;
    }
    reader.at++;
    const to = parseItem(reader);
    if (!isSingle(from) || !isSingle(to) || from[0] > to[0]) {
      throw new PatternError(`class range "${reader.text.slice(start, reader.at)}" is out of order`, start);
    }
    ranges.push(from[0], to[0]);
  }
  reader.at++;
  // Folded before it is negated: [^a] without case excludes both "a" and "A".
  const set = ignoreCase ? foldSet(normalizeSet(ranges)) : normalizeSet(ranges);
  return isNegated ? negateSet(set) : set;
}

/** A "-" that stands last is a literal. */
function isRangeAhead(reader: PatternReader): boolean {
  return reader.isAt("-") && reader.at + 1 < reader.text.length && reader.text[reader.at + 1] !== "]";
}

function isSingle(set: CharSet): boolean {
  return set.length === 2 && set[0] === set[1];
}

function parseItem(reader: PatternReader): CharSet {
  const at = reader.at;
  if (reader.eat("[:")) return parsePosix(reader, at);
  const c = reader.next();
  if (c !== "\\") return [c.charCodeAt(0), c.charCodeAt(0)];
  return parseEscape(reader, at, true) as CharSet;
}

function parsePosix(reader: PatternReader, at: number): CharSet {
  const end = reader.text.indexOf(":]", reader.at);
  const name = end < 0 ? "" : reader.text.slice(reader.at, end);
  const isNegated = name.startsWith("^");
  const set = POSIX.get(isNegated ? name.slice(1) : name);
  if (set === undefined) throw new PatternError("character class name is unknown", at);
  reader.at = end + 2;
  return isNegated ? negateSet(set) : set;
}
