import type { JsonBounds } from "./config.ts";

/** What is wrong with JSON: it is none, or which bound it passes. */
export type JsonFault =
  | "malformed"
  | "too-large"
  | "too-deep"
  | "too-many-members"
  | "too-many-items"
  | "string-too-long"
  | "name-too-long"
  | "number-too-long"
  | "duplicate-name"
  | "forbidden-name";

// What is expected next. Within a string, a number or a literal the state is what follows it.
const VALUE = 0;
const FIRST_ITEM = 1;
const FIRST_NAME = 2;
const NAME = 3;
const COLON = 4;
const AFTER_VALUE = 5;

// What the scanner is within.
const NOTHING = 0;
const STRING = 1;
const ESCAPE = 2;
const HEX = 3;
const NUMBER = 4;
const LITERAL = 5;

const WORDS = ["true", "false", "null"];
const NUMBER_FORM = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const ESCAPED = new Set([...'"\\/bfnrt'].map((c) => c.charCodeAt(0)));
const QUOTE = 34;
const BACKSLASH = 92;

/** One array or object that is open. */
interface Level {
  readonly isObject: boolean;
  count: number;
  /** Null: duplicates are allowed, or it is an array. */
  readonly names: Set<string> | null;
}

/**
 * Reads JSON (RFC 8259) as it comes, once, and keeps nothing of it but the names of the objects that are open, so that
 * what is beyond a bound is known at the octet that passes it. It takes what JSON.parse takes, in UTF-8 without a mark.
 */
export class JsonScanner {
  private readonly bounds: JsonBounds;
  private readonly forbidden: ReadonlySet<string>;
  private readonly levels: Level[] = [];
  private expects = VALUE;
  private within = NOTHING;
  private isName = false;
  private length = 0;
  private hexLeft = 0;
  /** Of a name: its octets so far; of a number or a literal: its text. */
  private nameParts: Uint8Array[] = [];
  private text = "";
  private bytes = 0;
  private isDone = false;
  private fault: JsonFault | null = null;

  constructor(bounds: JsonBounds) {
    this.bounds = bounds;
    this.forbidden = new Set(bounds.forbiddenNames);
  }

  /** The first fault, once there is one. */
  write(bytes: Uint8Array): JsonFault | null {
    if (this.fault !== null) return this.fault;
    this.bytes += bytes.length;
    if (this.bytes > this.bounds.maxBytes) return (this.fault = "too-large");
    this.fault = this.scan(bytes);
    return this.fault;
  }

  /** No more comes. */
  end(): JsonFault | null {
    if (this.fault !== null) return this.fault;
    if (this.within === NUMBER || this.within === LITERAL) this.fault = this.endPlain();
    if (this.fault === null && (!this.isDone || this.within !== NOTHING)) this.fault = "malformed";
    return this.fault;
  }

  private scan(bytes: Uint8Array): JsonFault | null {
    for (let at = 0; at < bytes.length;) {
      let fault: JsonFault | null;
      switch (this.within) {
        case STRING: {
          const end = this.endOfRun(bytes, at);
          fault = this.take(bytes, at, end);
          if (fault === null && end < bytes.length) fault = this.leaveRun(bytes[end]);
          at = end + 1;
          break;
        }
        case ESCAPE:
        case HEX:
          fault = this.escaped(bytes, at++);
          break;
        case NUMBER:
        case LITERAL:
          if (isPlain(bytes[at])) {
            fault = this.addPlain(bytes[at++]);
          } else fault = this.endPlain();
          break;
        default:
          fault = this.structure(bytes[at++]);
      }
      if (fault !== null) return fault;
    }
    return null;
  }

  // Strings

  /** Where the plain octets of a string end: at a quote, a backslash, a control, or the end of what is here. */
  private endOfRun(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const c = bytes[at];
      if (c === QUOTE || c === BACKSLASH || c < 32) break;
      at++;
    }
    return at;
  }

  private take(bytes: Uint8Array, from: number, to: number): JsonFault | null {
    if (to === from) return null;
    this.length += to - from;
    if (!this.isName) return this.length > this.bounds.maxStringBytes ? "string-too-long" : null;
    if (this.length > this.bounds.maxNameBytes) return "name-too-long";
    this.nameParts.push(bytes.slice(from, to));
    return null;
  }

  private leaveRun(c: number): JsonFault | null {
    if (c < 32) return "malformed";
    if (c === QUOTE) return this.endString();
    this.within = ESCAPE;
    return this.take(BACKSLASH_BYTES, 0, 1);
  }

  private escaped(bytes: Uint8Array, at: number): JsonFault | null {
    const c = bytes[at];
    if (this.within === ESCAPE) {
      if (c === 117) {
        this.within = HEX;
        this.hexLeft = 4;
      } else if (ESCAPED.has(c)) this.within = STRING;
      else return "malformed";
    } else {
      if (!isHex(c)) return "malformed";
      if (--this.hexLeft === 0) this.within = STRING;
    }
    return this.take(bytes, at, at + 1);
  }

  private endString(): JsonFault | null {
    this.within = NOTHING;
    if (!this.isName) return this.valueDone();
    this.expects = COLON;
    return this.nameDone();
  }

  private nameDone(): JsonFault | null {
    const name = readName(this.nameParts);
    this.nameParts = [];
    if (name === null) return "malformed";
    if (this.forbidden.has(name)) return "forbidden-name";
    const level = this.levels[this.levels.length - 1];
    if (++level.count > this.bounds.maxMembers) return "too-many-members";
    if (level.names === null) return null;
    if (level.names.has(name)) return "duplicate-name";
    level.names.add(name);
    return null;
  }

  // Numbers and literals

  private addPlain(c: number): JsonFault | null {
    this.text += String.fromCharCode(c);
    const { maxNumberBytes } = this.bounds;
    if (this.within === LITERAL) return this.text.length > 5 ? "malformed" : null;
    return this.text.length > maxNumberBytes ? "number-too-long" : null;
  }

  private endPlain(): JsonFault | null {
    const { text, within } = this;
    this.text = "";
    this.within = NOTHING;
    const isGood = within === NUMBER ? NUMBER_FORM.test(text) : WORDS.includes(text);
    return isGood ? this.valueDone() : "malformed";
  }

  // Structure

  private structure(c: number): JsonFault | null {
    if (c === 32 || c === 10 || c === 13 || c === 9) return null;
    switch (this.expects) {
      case FIRST_NAME:
      case NAME:
        if (c === QUOTE) return this.beginString(true);
        return c === 125 && this.expects === FIRST_NAME ? this.close() : "malformed";
      case COLON:
        this.expects = VALUE;
        return c === 58 ? null : "malformed";
      case FIRST_ITEM:
        if (c === 93) return this.close();
        return this.item() ?? this.value(c);
      case VALUE:
        return this.value(c);
      default:
        return this.afterValue(c);
    }
  }

  private value(c: number): JsonFault | null {
    if (this.isDone) return "malformed";
    if (c === QUOTE) return this.beginString(false);
    if (c === 123) return this.open(true);
    if (c === 91) return this.open(false);
    if (!isPlain(c)) return "malformed";
    this.within = c === 45 || (c >= 48 && c <= 57) ? NUMBER : LITERAL;
    return this.addPlain(c);
  }

  private beginString(isName: boolean): JsonFault | null {
    this.within = STRING;
    this.isName = isName;
    this.length = 0;
    return null;
  }

  private open(isObject: boolean): JsonFault | null {
    if (this.levels.length >= this.bounds.maxDepth) return "too-deep";
    const names = isObject && !this.bounds.allowsDuplicates ? new Set<string>() : null;
    this.levels.push({ isObject, count: 0, names });
    this.expects = isObject ? FIRST_NAME : FIRST_ITEM;
    return null;
  }

  private close(): JsonFault | null {
    this.levels.pop();
    return this.valueDone();
  }

  private valueDone(): JsonFault | null {
    this.expects = AFTER_VALUE;
    if (this.levels.length === 0) this.isDone = true;
    return null;
  }

  private item(): JsonFault | null {
    const level = this.levels[this.levels.length - 1];
    return ++level.count > this.bounds.maxItems ? "too-many-items" : null;
  }

  private afterValue(c: number): JsonFault | null {
    const level = this.levels.at(-1);
    if (level === undefined) return "malformed";
    if (c === 44) {
      this.expects = level.isObject ? NAME : VALUE;
      return level.isObject ? null : this.item();
    }
    return c === (level.isObject ? 125 : 93) ? this.close() : "malformed";
  }
}

const BACKSLASH_BYTES = Uint8Array.of(BACKSLASH);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name with its escapes undone; null where its octets are no UTF-8. */
function readName(parts: readonly Uint8Array[]): string | null {
  const raw = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  try {
    const text = utf8.decode(raw);
    return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
  } catch {
    return null;
  }
}

/** What numbers, true, false and null are made of. */
function isPlain(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 122) || c === 43 || c === 45 || c === 46 || c === 69;
}

function isHex(c: number): boolean {
  return (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 102);
}
