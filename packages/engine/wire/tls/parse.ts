import { MAX_CLIENT_HELLO_BYTES } from "./limits.ts";

/** What a TLS client says of itself before anything is secured: only good to choose who shakes hands with it. */
export interface ClientHello {
  /** Lower-case; "" when it sent none (RFC 6066 section 3). */
  readonly serverName: string;
  /** Protocols that it offers, in its order (RFC 7301 section 3.1). */
  readonly alpn: readonly string[];
}

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;

/**
 * Reads the ClientHello at the beginning of a connection (RFC 8446 sections 4.1.2 and 5.1), which may be spread over
 * several records. "partial": more bytes are needed; "malformed": it will never be one, or is longer than the limit.
 */
export function parseClientHello(bytes: Uint8Array): ClientHello | "partial" | "malformed" {
  const message = joinRecords(bytes);
  if (typeof message === "string") return message;
  try {
    return readHello(new Reader(message));
  } catch {
    return "malformed";
  }
}

/** The first handshake message, without record headers. */
function joinRecords(bytes: Uint8Array): Uint8Array | "partial" | "malformed" {
  const parts: Uint8Array[] = [];
  let length = 0;
  let wanted = Infinity;
  for (let at = 0; length < wanted;) {
    if (at > MAX_CLIENT_HELLO_BYTES) return "malformed";
    if (bytes.length - at < 5) return isRecordStart(bytes, at) ? "partial" : "malformed";
    if (!isRecordStart(bytes, at)) return "malformed";
    const size = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    // RFC 8446 section 5.1: no empty fragments of handshake messages.
    if (size === 0 || size > MAX_CLIENT_HELLO_BYTES) return "malformed";
    const part = bytes.subarray(at + 5, at + 5 + size);
    parts.push(part);
    length += part.length;
    if (wanted === Infinity) wanted = messageLength(parts);
    if (wanted > MAX_CLIENT_HELLO_BYTES && wanted !== Infinity) return "malformed";
    if (part.length < size && length < wanted) return "partial";
    at += 5 + size;
  }
  const whole = Buffer.concat(parts);
  return whole[0] === CLIENT_HELLO ? whole.subarray(4, wanted) : "malformed";
}

function isRecordStart(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] ?? HANDSHAKE_RECORD) === HANDSHAKE_RECORD && (bytes[at + 1] ?? 3) === 3;
}

/** With its header of four octets; Infinity before that is there. */
function messageLength(parts: readonly Uint8Array[]): number {
  const head = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  return head.length < 4 ? Infinity : 4 + ((head[1]! << 16) | (head[2]! << 8) | head[3]!);
}

function readHello(hello: Reader): ClientHello {
  hello.skip(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  let serverName = "";
  let alpn: readonly string[] = [];
  if (hello.isAtEnd) return { serverName, alpn };
  const extensions = hello.vector(2);
  const seen = new Set<number>();
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    // RFC 8446 section 4.2: one of each type.
    if (seen.has(type)) throw new Error("an extension twice");
    seen.add(type);
    if (type === SERVER_NAME) serverName = readServerName(data);
    else if (type === ALPN) alpn = readAlpn(data);
  }
  return { serverName, alpn };
}

function readServerName(data: Reader): string {
  const names = data.vector(2);
  let found = "";
  while (!names.isAtEnd) {
    const type = names.number(1);
    const name = names.vector(2).text();
    // The only type there is; more than one name of it is not allowed.
    if (type !== 0 || found !== "" || !/^[\x21-\x7e]+$/.test(name)) throw new Error("a server name");
    found = name.toLowerCase();
  }
  return found;
}

function readAlpn(data: Reader): string[] {
  const list = data.vector(2);
  const found: string[] = [];
  while (!list.isAtEnd) found.push(list.vector(1).text());
  if (found.length === 0 || found.includes("")) throw new Error("an empty protocol");
  return found;
}

/** Reads numbers and vectors of TLS's presentation language (RFC 8446 section 3); throws where bytes end early. */
class Reader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  number(size: number): number {
    this.need(size);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.bytes[this.at++]!;
    return value;
  }

  /** A vector whose length is in `size` octets before it. */
  vector(size: number): Reader {
    const length = this.number(size);
    this.need(length);
    const part = new Reader(this.bytes.subarray(this.at, this.at + length));
    this.at += length;
    return part;
  }

  skip(length: number): void {
    this.need(length);
    this.at += length;
  }

  text(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length).toString("latin1");
  }

  private need(length: number): void {
    if (this.at + length > this.bytes.length) throw new Error("bytes end early");
  }
}
