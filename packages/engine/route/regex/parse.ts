import { ANY, ANY_BUT_NEWLINE, foldSet } from "./char-set.ts";
import type { CharSet } from "./char-set.ts";
import { parseClass } from "./parse-class.ts";
import { isDigit, parseEscape } from "./parse-escape.ts";
import { PatternReader } from "./pattern-reader.ts";
import { PatternError } from "./syntax.ts";
import type { Node } from "./syntax.ts";

/** Groups inside groups: the parser and the code generator recurse. */
const MAX_NESTING = 100;
/** Largest count of a bounded repetition, as RE2's. */
const MAX_REPEAT = 1_000;

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
}

/** Parses a pattern; throws PatternError for what is wrong or not supported. */
export function parsePattern(pattern: string): Node {
  return new Parser(pattern).parse();
}

/** Recursive descent: either → sequence → repeated atom. */
class Parser {
  private readonly reader: PatternReader;
  private flags: Flags = { ignoreCase: false, dotAll: false };
  private depth = 0;

  constructor(pattern: string) {
    this.reader = new PatternReader(pattern);
  }

  parse(): Node {
    const node = this.either();
    if (!this.reader.isDone) throw new PatternError('")" without its "("', this.reader.at);
    return node;
  }

  private either(): Node {
    const options = [this.sequence()];
    while (this.reader.eat("|")) options.push(this.sequence());
    return options.length === 1 ? options[0] : { kind: "either", options };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (!this.reader.isDone && !this.reader.isAt("|") && !this.reader.isAt(")")) {
      if (this.startsRepeat()) throw new PatternError("nothing to repeat", this.reader.at);
      const atom = this.atom();
      if (atom !== null) parts.push(this.repeated(atom));
    }
    return parts.length === 1
      ? parts[0]
      : parts.length === 0
        ? { kind: "empty" }
        : { kind: "sequence", parts };
  }

  /** Null for a flag group such as (?i), which is no atom. */
  private atom(): Node | null {
    const { reader } = this;
    const at = reader.at;
    const c = reader.next();
    switch (c) {
      case "(":
        return this.group(at);
      case "[":
        return this.setOf(parseClass(reader, at, this.flags.ignoreCase));
      case ".":
        return { kind: "set", set: this.flags.dotAll ? ANY : ANY_BUT_NEWLINE };
      case "^":
        return { kind: "assert", assertion: "start" };
      case "$":
        return { kind: "assert", assertion: "end" };
      case "\\": {
        const escape = parseEscape(reader, at, false);
        return typeof escape === "string" ? assertionOf(escape) : this.setOf(this.fold(escape));
      }
      default: {
        const code = c.charCodeAt(0);
        return this.setOf(this.fold([code, code]));
      }
    }
  }

  private setOf(set: CharSet): Node {
    return { kind: "set", set };
  }

  private fold(set: CharSet): CharSet {
    return this.flags.ignoreCase ? foldSet(set) : set;
  }

  private startsRepeat(): boolean {
    const { reader } = this;
    return reader.isAt("*") || reader.isAt("+") || reader.isAt("?") || countAt(reader) !== null;
  }

  private repeated(atom: Node): Node {
    const { reader } = this;
    const at = reader.at;
    const bounds = this.quantifier();
    if (bounds === null) return atom;
    // Lazy or greedy: a full match is the same.
    if (!reader.eat("?") && reader.isAt("+")) {
      throw new PatternError("possessive quantifiers are not supported", reader.at);
    }
    if (this.startsRepeat()) throw new PatternError("a repetition is repeated without a group", reader.at);
    const [min, max] = bounds;
    if (min > max) throw new PatternError(`repetition {${min},${max}} is out of order`, at);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT)) {
      throw new PatternError(`repetition count ${max === Infinity ? min : max}, limit ${MAX_REPEAT}`, at);
    }
    return { kind: "repeat", body: atom, min, max };
  }

  private quantifier(): readonly [number, number] | null {
    const { reader } = this;
    if (reader.eat("*")) return [0, Infinity];
    if (reader.eat("+")) return [1, Infinity];
    if (reader.eat("?")) return [0, 1];
    const count = countAt(reader);
    if (count === null) return null;
    reader.at += count.length;
    return [count.min, count.max];
  }

  private group(at: number): Node | null {
    const outer = this.flags;
    if (++this.depth > MAX_NESTING) throw new PatternError(`groups nest deeper than ${MAX_NESTING}`, at);
    if (this.reader.eat("?") && !this.groupPrefix(at)) {
      this.depth--;
      return null;
    }
    const node = this.either();
    if (!this.reader.eat(")")) throw new PatternError('"(" without its ")"', at);
    this.flags = outer;
    this.depth--;
    return node;
  }

  /** What follows "(?"; false when it was a flag group, wholly read: its flags hold to the end of the group around. */
  private groupPrefix(at: number): boolean {
    const { reader } = this;
    if (reader.eat(":")) return true;
    if (reader.eat("=") || reader.eat("!") || reader.eat("<=") || reader.eat("<!")) {
      throw new PatternError("lookaround is not supported: it has no linear-time match", at);
    }
    if (reader.eat("P<") || reader.eat("<")) {
      this.groupName(at);
      return true;
    }
    this.readFlags(at);
    if (reader.eat(")")) return false;
    if (reader.eat(":")) return true;
    throw new PatternError("group syntax is not supported", at);
  }

  private groupName(at: number): void {
    const { reader } = this;
    const start = reader.at;
    while (!reader.isDone && !reader.isAt(">")) reader.at++;
    const name = reader.text.slice(start, reader.at);
    if (!reader.eat(">") || !isGroupName(name)) throw new PatternError("group name is malformed", at);
  }

  private readFlags(at: number): void {
    const { reader } = this;
    let value = true;
    while (!reader.isDone && !reader.isAt(")") && !reader.isAt(":")) {
      const flag = reader.next();
      if (flag === "-" && value) value = false;
      else if (flag === "i") this.flags = { ...this.flags, ignoreCase: value };
      else if (flag === "s") this.flags = { ...this.flags, dotAll: value };
      else throw new PatternError(`group syntax "(?${flag}" is not supported`, at);
    }
  }
}

function assertionOf(escape: string): Node {
  switch (escape) {
    case "b":
      return { kind: "assert", assertion: "word-boundary" };
    case "B":
      return { kind: "assert", assertion: "no-word-boundary" };
    case "A":
      return { kind: "assert", assertion: "start" };
    default:
      return { kind: "assert", assertion: "end" };
  }
}

/** A count {n}, {n,} or {n,m} at the reader; null when the brace is a literal, as RE2 and JavaScript have it. */
function countAt(reader: PatternReader): { min: number; max: number; length: number } | null {
  if (!reader.isAt("{")) return null;
  const text = reader.text;
  let at = reader.at + 1;
  const number = (): number | null => {
    const start = at;
    while (isDigit(text.charCodeAt(at))) at++;
    return at === start ? null : Number(text.slice(start, at));
  };
  const min = number();
  if (min === null) return null;
  let max = min;
  if (text[at] === ",") {
    at++;
    max = number() ?? Infinity;
  }
  return text[at] === "}" ? { min, max, length: at + 1 - reader.at } : null;
}

function isGroupName(name: string): boolean {
  if (name.length === 0 || isDigit(name.charCodeAt(0))) return false;
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (!isDigit(c) && c !== 95 && !((c | 32) >= 97 && (c | 32) <= 122)) return false;
  }
  return true;
}
