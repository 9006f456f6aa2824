import type { BareItem, Dictionary, InnerList, Item, Parameters } from "./types.ts";

/**
 * A dictionary (RFC 9651 section 4.2.2), null for what is none. Stricter in one point: a key or parameter that is there
 * twice makes it none, where the RFC takes the last. Who signs and who verifies must not see two different ones. With
 * "last" it is as the RFC has it for keys.
 */
export function parseDictionary(text: string, ofTwo: "none" | "last" = "none"): Dictionary | null {
  const reader = new Reader(text, ofTwo);
  try {
    return reader.dictionary();
  } catch (error) {
    if (error === MALFORMED) return null;
    throw error;
  }
}

/** Thrown within this file alone: where it is wrong is nobody's business. */
const MALFORMED: unique symbol = Symbol("malformed structured field");

function fail(): never {
  throw MALFORMED;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLower = (code: number): boolean => code >= 97 && code <= 122;
const isAlpha = (code: number): boolean => isLower(code | 32);
const tokenOthers = "!#$%&'*+-.^_`|~:/";
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

class Reader {
  private readonly text: string;
  private readonly ofTwo: "none" | "last";
  private at = 0;

  constructor(text: string, ofTwo: "none" | "last") {
    this.text = text;
    this.ofTwo = ofTwo;
  }

  dictionary(): Dictionary {
    const members = new Map<string, Item | InnerList>();
    this.skip(" ");
    while (this.at < this.text.length) {
      const key = this.key();
      if (members.has(key) && this.ofTwo === "none") fail();
      members.set(
        key,
        this.takes("=") ? this.member() : this.withParameters({ kind: "boolean", value: true }),
      );
      this.skip(" \t");
      if (this.at === this.text.length) return members;
      if (!this.takes(",")) fail();
      this.skip(" \t");
      if (this.at === this.text.length) fail();
    }
    return members;
  }

  private member(): Item | InnerList {
    return this.peek() === "(" ? this.innerList() : this.withParameters(this.bareItem());
  }

  private innerList(): InnerList {
    this.at++;
    const items: Item[] = [];
    for (;;) {
      this.skip(" ");
      if (this.takes(")")) return { type: "inner-list", items, parameters: this.parameters() };
      items.push(this.withParameters(this.bareItem()));
      if (this.peek() !== " " && this.peek() !== ")") fail();
    }
  }

  private withParameters(bare: BareItem): Item {
    return { type: "item", bare, parameters: this.parameters() };
  }

  private parameters(): Parameters {
    if (this.peek() !== ";") return NONE;
    const found = new Map<string, BareItem>();
    while (this.takes(";")) {
      this.skip(" ");
      const key = this.key();
      if (found.has(key)) fail();
      found.set(key, this.takes("=") ? this.bareItem() : { kind: "boolean", value: true });
    }
    return found;
  }

  private key(): string {
    const start = this.at;
    const first = this.text.charCodeAt(start);
    if (!isLower(first) && first !== 42) fail();
    this.at++;
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (!isLower(code) && !isDigit(code) && !"_-.*".includes(this.text[this.at]!)) break;
      this.at++;
    }
    return this.text.slice(start, this.at);
  }

  private bareItem(): BareItem {
    const first = this.peek();
    const code = this.text.charCodeAt(this.at);
    if (first === "-" || isDigit(code)) return this.number();
    if (first === '"') return { kind: "string", value: this.string() };
    if (first === ":") return this.bytes();
    if (first === "?") return this.boolean();
    if (first === "@") return this.date();
    if (first === "%") return this.display();
    if (first === "*" || isAlpha(code)) return this.token();
    return fail();
  }

  private number(): BareItem {
    const match = this.match(/-?(\d{1,15})(\.\d{1,3})?/y);
    const [text = "", whole = "", fraction] = match;
    // Nothing of a number follows one: "1234567890123456" and "1.2345" are none.
    if (isDigit(this.text.charCodeAt(this.at)) || this.peek() === ".") fail();
    if (fraction === undefined) return { kind: "integer", value: Number(text) };
    if (whole.length > 12) fail();
    return { kind: "decimal", value: Number(text) };
  }

  private string(): string {
    let value = "";
    for (this.at++; this.at < this.text.length; this.at++) {
      const letter = this.text[this.at]!;
      if (letter === '"') {
        this.at++;
        return value;
      }
      if (letter === "\\") {
        this.at++;
        const escaped = this.peek();
        if (escaped !== '"' && escaped !== "\\") fail();
        value += escaped;
      } else {
        if (letter < " " || letter > "~") fail();
        value += letter;
      }
    }
    return fail();
  }

  private token(): BareItem {
    const start = this.at++;
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (!isAlpha(code) && !isDigit(code) && !tokenOthers.includes(this.text[this.at]!)) break;
      this.at++;
    }
    return { kind: "token", value: this.text.slice(start, this.at) };
  }

  private bytes(): BareItem {
    const end = this.text.indexOf(":", this.at + 1);
    if (end < 0) fail();
    const text = this.text.slice(this.at + 1, end);
    if (!base64.test(text)) fail();
    this.at = end + 1;
    return { kind: "bytes", value: Buffer.from(text, "base64") };
  }

  private boolean(): BareItem {
    const [text] = this.match(/\?[01]/y);
    return { kind: "boolean", value: text === "?1" };
  }

  private date(): BareItem {
    this.at++;
    const number = this.peek() === "-" || isDigit(this.text.charCodeAt(this.at)) ? this.number() : fail();
    if (number.kind !== "integer") fail();
    return { kind: "date", value: number.value as number };
  }

  /** `%"caf%c3%a9"`: UTF-8, escaped in lower-case hex. */
  private display(): BareItem {
    const [text] = this.match(/%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y);
    try {
      return { kind: "display", value: decodeURIComponent(text.slice(2, -1)) };
    } catch {
      return fail();
    }
  }

  private match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return fail();
    this.at = pattern.lastIndex;
    return match;
  }

  private peek(): string | undefined {
    return this.text[this.at];
  }

  private takes(letter: string): boolean {
    if (this.text[this.at] !== letter) return false;
    this.at++;
    return true;
  }

  private skip(letters: string): void {
    while (this.at < this.text.length && letters.includes(this.text[this.at]!)) this.at++;
  }
}

const NONE: Parameters = new Map();
