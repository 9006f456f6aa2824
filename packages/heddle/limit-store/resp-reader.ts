/** A reply of RESP2: text, a whole number, nothing, a list, or what the server has against it. */
export type Reply = string | number | null | ReplyError | Reply[];

/** An error that the server answers with. Its text never has what was sent: keys are digests, arguments numbers. */
export class ReplyError {
  /** `NOSCRIPT No matching script.` */
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Octets that are no RESP2, or more of them than any reply of ours has. */
export class RespMistake extends Error {}

const CR = 13;
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 4;
const INCOMPLETE = Symbol("incomplete");

/** Reads replies out of octets, however they are cut: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export class RespReader {
  private pending: Buffer = Buffer.alloc(0);
  private at = 0;

  /** The replies that are whole now. Throws RespMistake; nothing can be read after that. */
  push(bytes: Uint8Array): Reply[] {
    this.pending = this.pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.pending, bytes]);
    if (this.pending.length > MAX_PENDING_BYTES) throw new RespMistake("a reply is too long");
    const replies: Reply[] = [];
    for (;;) {
      const start = this.at;
      const reply = this.read(0);
      if (reply === INCOMPLETE) {
        this.pending = this.pending.subarray(start);
        this.at = 0;
        return replies;
      }
      replies.push(reply);
    }
  }

  private read(depth: number): Reply | typeof INCOMPLETE {
    const line = this.readLine();
    if (line === INCOMPLETE) return INCOMPLETE;
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        return new ReplyError(rest);
      case ":":
        return wholeNumber(rest);
      case "$":
        return this.readText(wholeNumber(rest));
      case "*":
        return this.readList(wholeNumber(rest), depth + 1);
      default:
        throw new RespMistake("a reply of no known type");
    }
  }

  private readLine(): string | typeof INCOMPLETE {
    const end = this.pending.indexOf(CR, this.at);
    if (end < 0 || end + 1 >= this.pending.length) return INCOMPLETE;
    const line = this.pending.toString("latin1", this.at, end);
    if (line === "") throw new RespMistake("an empty reply");
    this.at = end + 2;
    return line;
  }

  private readText(length: number): string | null | typeof INCOMPLETE {
    if (length < 0) return null;
    if (this.pending.length < this.at + length + 2) return INCOMPLETE;
    const text = this.pending.toString("utf8", this.at, this.at + length);
    this.at += length + 2;
    return text;
  }

  private readList(length: number, depth: number): Reply | typeof INCOMPLETE {
    if (length < 0) return null;
    if (depth > MAX_DEPTH || length > MAX_PENDING_BYTES)
      throw new RespMistake("a reply is too deep or too long");
    const list: Reply[] = [];
    for (let i = 0; i < length; i++) {
      const item = this.read(depth);
      if (item === INCOMPLETE) return INCOMPLETE;
      list.push(item);
    }
    return list;
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^-?\d{1,16}$/.test(text)) throw new RespMistake("a number that is none");
  return value;
}
