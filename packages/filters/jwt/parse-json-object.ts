/** Deeper than any token's claims; a bound for the reader, which calls itself. */
const MAX_DEPTH = 32;

/**
 * JSON that has one meaning: an object in which no name stands twice (two readers would each take another, RFC 8259
 * section 4), none is `__proto__`, and nothing is nested deeper than 32. Null for anything else.
 */
export function parseJsonObject(text: string): Record<string, unknown> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return new NameReader(text).readValue(0) ? (value as Record<string, unknown>) : null;
}

/** Walks text that JSON.parse took, and looks at the names only. */
class NameReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** False: a name stands twice, or it is too deep. */
  readValue(depth: number): boolean {
    if (depth > MAX_DEPTH) return false;
    this.skipBlanks();
    const c = this.text[this.at];
    if (c === "{") return this.readObject(depth);
    if (c === "[") return this.readList(depth);
    if (c === '"') this.readString();
    else while (this.at < this.text.length && !",]} \t\r\n".includes(this.text[this.at])) this.at++;
    return true;
  }

  private readObject(depth: number): boolean {
    const names = new Set<string>();
    this.at++;
    for (this.skipBlanks(); this.text[this.at] !== "}"; this.skipBlanks()) {
      const name = this.readString();
      if (names.has(name) || name === "__proto__") return false;
      names.add(name);
      this.skipBlanks();
      this.at++; // the colon
      if (!this.readValue(depth + 1)) return false;
      this.skipComma();
    }
    this.at++;
    return true;
  }

  private readList(depth: number): boolean {
    this.at++;
    for (this.skipBlanks(); this.text[this.at] !== "]"; this.skipBlanks()) {
      if (!this.readValue(depth + 1)) return false;
      this.skipComma();
    }
    this.at++;
    return true;
  }

  /** With its escapes undone: "\u0061lg" is the name "alg". */
  private readString(): string {
    const start = this.at++;
    let hasEscape = false;
    while (this.text[this.at] !== '"') {
      if (this.text[this.at] === "\\") {
        hasEscape = true;
        this.at++;
      }
      this.at++;
    }
    this.at++;
    const raw = this.text.slice(start, this.at);
    return hasEscape ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  }

  private skipComma(): void {
    this.skipBlanks();
    if (this.text[this.at] === ",") this.at++;
  }

  private skipBlanks(): void {
    while (" \t\r\n".includes(this.text[this.at] ?? "-")) this.at++;
  }
}
