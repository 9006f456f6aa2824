import { KNOWN_NAMES, knownNameId } from "./known-names.ts";

/**
 * The fields (headers or trailers) of one message, in order.
 *
 * A codec that has the head as text gives it as it is: `text` and, for each field, five numbers in `spans`.
 * Nothing is sliced until somebody asks, and a run of untouched fields goes out as one slice of `text`:
 *
 *   text   "Host: a\r\nAccept: x\r\nX-Id: 7\r\n"
 *   spans  [id, nameStart, nameEnd, valueStart, valueEnd,  id, …]      id -1: removed
 *   added  ["name", "value", …]                                         set or added since
 *
 * Invariants: spans are ascending; between a field's nameStart and the next one's there is exactly that field's
 * line, CRLF included, already validated, so that a run may be copied verbatim. Names compare without case; those
 * in `added` are lower-case. Values hold no CR, LF or NUL: every way in checks (`isFieldValue`).
 */
export const SPAN = 5;

export class Fields {
  /** @internal the head's text; "" when there is none */
  text: string;
  /** @internal see above */
  spans: number[];
  /** @internal flat name, value pairs, names lower-case */
  added: string[];
  /** @internal fields that are the same for many messages, as lines; behind the others */
  private block: FieldBlock | null = null;
  /**
   * Names of fields that came as never to be indexed by HPACK (RFC 7541 section 6.2.3), lower-case, ":path" and its
   * like among them: an HTTP/2 encoder must say so too. Null for none.
   */
  sensitiveNames: string[] | null = null;

  constructor(text: string = "", spans: number[] = [], added: string[] = []) {
    this.text = text;
    this.spans = spans;
    this.added = added;
  }

  /**
   * Appends fields that were checked, and put in lines, once for many messages. They are fields like any other: who
   * asks for one of them by name finds it.
   */
  addBlock(block: FieldBlock): void {
    if (this.block !== null) this.unfold();
    this.block = block;
  }

  /** @internal For encoders: the block as lines; "" when there is none. */
  get blockLines(): string {
    return this.block === null ? "" : this.block.lines;
  }

  /** @internal For encoders without lines: the block as flat pairs. */
  get blockPairs(): readonly string[] {
    return this.block === null ? NO_PAIRS : this.block.pairs;
  }

  private unfold(): void {
    const { pairs } = this.block!;
    this.block = null;
    for (const text of pairs) this.added.push(text);
  }

  /** From pairs; names are lower-cased. Throws RangeError for a name or value that no field may have. */
  static of(pairs: Iterable<readonly [string, string]>): Fields {
    const fields = new Fields();
    for (const [name, value] of pairs) fields.add(name.toLowerCase(), value);
    return fields;
  }

  /** The first value of a lower-case name; undefined when absent. */
  get(name: string): string | undefined {
    const at = this.find(name, 0);
    if (at >= 0) return this.text.slice(this.spans[at + 3], this.spans[at + 4]);
    const added = this.added;
    for (let i = 0; i < added.length; i += 2) if (added[i] === name) return added[i + 1];
    return undefined;
  }

  /** `get` of a name by its id (NAME): without a look-up of the id, for what every request is asked. */
  getKnown(id: number): string | undefined {
    if (this.block !== null && this.block.ids.includes(id)) this.unfold();
    const { spans } = this;
    for (let at = 0; at < spans.length; at += SPAN) {
      if (spans[at] === id) return this.text.slice(spans[at + 3], spans[at + 4]);
    }
    const { added } = this;
    const name = KNOWN_NAMES[id];
    for (let i = 0; i < added.length; i += 2) if (added[i] === name) return added[i + 1];
    return undefined;
  }

  /** Every value of a lower-case name, in order. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let at = this.find(name, 0); at >= 0; at = this.find(name, at + SPAN)) {
      values.push(this.text.slice(this.spans[at + 3], this.spans[at + 4]));
    }
    const added = this.added;
    for (let i = 0; i < added.length; i += 2) if (added[i] === name) values.push(added[i + 1]);
    return values;
  }

  /** All values as one comma-separated list (RFC 9110 section 5.3); undefined when absent. Not for set-cookie. */
  getList(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.length === 1 ? values[0] : values.join(", ");
  }

  has(name: string): boolean {
    if (this.find(name, 0) >= 0) return true;
    const added = this.added;
    for (let i = 0; i < added.length; i += 2) if (added[i] === name) return true;
    return false;
  }

  /** Replaces every field of that lower-case name. Throws RangeError as `add` does. */
  set(name: string, value: string): void {
    this.delete(name);
    this.add(name, value);
  }

  /** Appends. Throws RangeError when the name is no token or the value holds CR, LF, NUL or another control. */
  add(name: string, value: string): void {
    if (!isToken(name)) throw new RangeError("field name is not a token");
    if (!isFieldValue(value)) throw new RangeError(`field ${name} has a value with a control character`);
    this.added.push(name, value);
  }

  /** For values that the caller built from checked parts: `add` without the check. */
  addTrusted(name: string, value: string): void {
    this.added.push(name, value);
  }

  /** Removes every field of that lower-case name; says whether there was one. */
  delete(name: string): boolean {
    let found = false;
    for (let at = this.find(name, 0); at >= 0; at = this.find(name, at + SPAN)) {
      this.spans[at] = -1;
      found = true;
    }
    const added = this.added;
    for (let i = 0; i < added.length;) {
      if (added[i] === name) {
        added.splice(i, 2);
        found = true;
      } else {
        i += 2;
      }
    }
    return found;
  }

  /** Number of fields. */
  get size(): number {
    if (this.block !== null) this.unfold();
    let size = this.added.length / 2;
    for (let at = 0; at < this.spans.length; at += SPAN) if (this.spans[at] >= 0) size++;
    return size;
  }

  /** Calls `visit` with each field in order; names are lower-case. */
  forEach(visit: (name: string, value: string) => void): void {
    if (this.block !== null) this.unfold();
    const { spans, text, added } = this;
    for (let at = 0; at < spans.length; at += SPAN) {
      if (spans[at] < 0) continue;
      visit(text.slice(spans[at + 1], spans[at + 2]).toLowerCase(), text.slice(spans[at + 3], spans[at + 4]));
    }
    for (let i = 0; i < added.length; i += 2) visit(added[i], added[i + 1]);
  }

  /** Name and value pairs, names lower-case: for tests, logs and codecs without text. */
  toPairs(): [string, string][] {
    const pairs: [string, string][] = [];
    this.forEach((name, value) => pairs.push([name, value]));
    return pairs;
  }

  /** An independent copy: mirrored requests, retries with changed heads. Text is shared, it never changes. */
  clone(): Fields {
    if (this.block !== null) this.unfold();
    const copy = new Fields(this.text, this.spans.slice(), this.added.slice());
    copy.sensitiveNames = this.sensitiveNames;
    return copy;
  }

  /** @internal Index in spans of the next field of that name from `from` on, or -1. */
  private find(name: string, from: number): number {
    if (this.block !== null) this.unfold();
    const spans = this.spans;
    const id = knownNameId(name);
    if (id > 0) {
      for (let at = from; at < spans.length; at += SPAN) if (spans[at] === id) return at;
      return -1;
    }
    for (let at = from; at < spans.length; at += SPAN) {
      if (spans[at] === 0 && spans[at + 2] - spans[at + 1] === name.length && this.nameEquals(at, name))
        return at;
    }
    return -1;
  }

  private nameEquals(at: number, name: string): boolean {
    const start = this.spans[at + 1];
    const text = this.text;
    for (let i = 0; i < name.length; i++) {
      let c = text.charCodeAt(start + i);
      if (c >= 65 && c <= 90) c |= 32;
      if (c !== name.charCodeAt(i)) return false;
    }
    return true;
  }
}

const NO_PAIRS: readonly string[] = [];

/** Fields as lines, each with its CRLF, and as flat pairs; none of them frames a message. */
export interface FieldBlock {
  readonly lines: string;
  readonly pairs: readonly string[];
  /** Ids of the names (NAME): every name is a known one. */
  readonly ids: readonly number[];
}

/** A block of pairs of known, lower-case names. Throws RangeError as `Fields.add` does, or for another name. */
export function makeFieldBlock(pairs: readonly (readonly [string, string])[]): FieldBlock {
  let lines = "";
  for (const [name, value] of pairs) {
    if (knownNameId(name) === 0) throw new RangeError(`field ${name} has no id`);
    if (!isFieldValue(value)) throw new RangeError(`field ${name} has a value with a control character`);
    lines += `${name}: ${value}\r\n`;
  }
  return { lines, pairs: pairs.flat(), ids: pairs.map(([name]) => knownNameId(name)) };
}

/** tchar of RFC 9110 section 5.6.2: 1 where the byte may stand in a token. */
export const TOKEN_BYTES: Uint8Array = (() => {
  const table = new Uint8Array(256);
  for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
    table[c.charCodeAt(0)] = 1;
  }
  return table;
})();

export function isToken(text: string): boolean {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 127 || TOKEN_BYTES[c] === 0) return false;
  }
  return true;
}

/** RFC 9110 section 5.5: tab, visible ASCII, space and obs-text; at most U+00FF, as one byte each goes out. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c < 32 && c !== 9) || c === 127 || c > 255) return false;
  }
  return true;
}
