import { Buffer } from "node:buffer";
import { errorName } from "./errors.ts";
import { FLAG, FRAME } from "./frames.ts";
import { HpackDecoder } from "./hpack/decoder.ts";

/** Frames as a person writes and reads them: for transcripts and tests. Written without the codec's own encoders. */

/** "headers 1 end" and its like, with the lines of its header block, as octets. */
export function assembleFrame(line: string, fields: readonly string[]): Buffer {
  const words = line.split(" ");
  const [kind, id = "0"] = words;
  const stream = Number(id);
  const has = (word: string) => words.includes(word);
  const valueOf = (name: string) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const rest = (count: number) => unescape(words.slice(count).join(" "));
  const block = () => Buffer.concat(fields.map(assembleField));
  switch (kind) {
    case "hex":
      return Buffer.from(words.slice(1).join(""), "hex");
    case "text":
      return Buffer.from(rest(1), "latin1");
    case "frame":
      // type, flags, stream, payload
      return frame(Number(words[1]), Number(words[2]), Number(words[3]), Buffer.from(words[4] ?? "", "hex"));
    case "headers":
      return headers(stream, has("end"), has("more"), valueOf("pad"), valueOf("parent"), block());
    case "get": {
      const request = [":method GET", ":scheme http", ":authority a", `:path ${valueOf("path") ?? "/"}`];
      return headers(
        stream,
        true,
        false,
        undefined,
        undefined,
        Buffer.concat([...request, ...fields].map(assembleField)),
      );
    }
    case "post": {
      const request = [":method POST", ":scheme http", ":authority a", ":path /"];
      return headers(
        stream,
        false,
        false,
        undefined,
        undefined,
        Buffer.concat([...request, ...fields].map(assembleField)),
      );
    }
    case "ok":
      return headers(
        stream,
        has("end"),
        false,
        undefined,
        undefined,
        Buffer.concat([":status 200", ...fields].map(assembleField)),
      );
    case "continuation":
      return frame(FRAME.CONTINUATION, has("more") ? 0 : FLAG.END_HEADERS, stream, block());
    case "data": {
      const flags = (has("end") ? FLAG.END_STREAM : 0) | (valueOf("pad") === undefined ? 0 : FLAG.PADDED);
      const data = Buffer.from(
        unescape(valueOf("text") ?? "") || "x".repeat(Number(valueOf("size") ?? 0)),
        "latin1",
      );
      return frame(FRAME.DATA, flags, stream, padded(data, valueOf("pad")));
    }
    case "settings": {
      if (has("ack")) return frame(FRAME.SETTINGS, FLAG.ACK, 0, Buffer.alloc(0));
      const pairs = words.slice(1).map((word) => word.split("=").map(Number));
      return frame(
        FRAME.SETTINGS,
        0,
        0,
        Buffer.concat(pairs.map(([name, value]) => Buffer.concat([short(name), long(value)]))),
      );
    }
    case "ping":
      return frame(FRAME.PING, has("ack") ? FLAG.ACK : 0, 0, Buffer.from(unescape(words[1]), "latin1"));
    case "window":
      return frame(FRAME.WINDOW_UPDATE, 0, stream, long(Number(words[2])));
    case "rst":
      return frame(FRAME.RST_STREAM, 0, stream, long(Number(words[2])));
    case "priority":
      return frame(
        FRAME.PRIORITY,
        0,
        stream,
        Buffer.concat([long(Number(valueOf("parent") ?? 0)), Buffer.of(15)]),
      );
    case "goaway":
      return frame(FRAME.GOAWAY, 0, 0, Buffer.concat([long(Number(words[1])), long(Number(words[2]))]));
    default:
      throw new Error(`not a frame: ${line}`);
  }
}

function headers(
  stream: number,
  isLast: boolean,
  goesOn: boolean,
  pad: string | undefined,
  parent: string | undefined,
  block: Buffer,
): Buffer {
  const flags =
    (isLast ? FLAG.END_STREAM : 0) |
    (goesOn ? 0 : FLAG.END_HEADERS) |
    (pad === undefined ? 0 : FLAG.PADDED) |
    (parent === undefined ? 0 : FLAG.PRIORITY);
  const priority =
    parent === undefined ? Buffer.alloc(0) : Buffer.concat([long(Number(parent)), Buffer.of(15)]);
  return frame(FRAME.HEADERS, flags, stream, padded(Buffer.concat([priority, block]), pad));
}

function padded(payload: Buffer, pad: string | undefined): Buffer {
  return pad === undefined
    ? payload
    : Buffer.concat([Buffer.of(Number(pad)), payload, Buffer.alloc(Number(pad))]);
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/**
 * "name value": a literal without indexing and without Huffman code (RFC 7541 section 6.2.2). "! name value" is never
 * indexed, "+ name value" is put into the table, "# hex" are octets of HPACK.
 */
function assembleField(line: string): Buffer {
  if (line.startsWith("# ")) return Buffer.from(line.slice(2).replaceAll(" ", ""), "hex");
  const mark = line.startsWith("! ") ? 0x10 : line.startsWith("+ ") ? 0x40 : 0x00;
  const text = mark === 0 ? line : line.slice(2);
  const end = text.indexOf(" ");
  const name = end < 0 ? text : text.slice(0, end);
  const value = end < 0 ? "" : text.slice(end + 1);
  return Buffer.concat([Buffer.of(mark), string(unescape(name)), string(unescape(value))]);
}

function string(text: string): Buffer {
  const octets = Buffer.from(text, "latin1");
  const length = [];
  let rest = octets.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), octets]);
}

function short(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function long(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value >>> 0);
  return octets;
}

export function unescape(text: string): string {
  const named: Record<string, string> = { r: "\r", n: "\n", t: "\t", 0: "\0", s: " ", "\\": "\\" };
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, name: string) =>
    hex === undefined ? named[name] : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Reads what a session sent: one line for each frame. */
export class FrameText {
  private readonly decoder = new HpackDecoder();
  private rest = Buffer.alloc(0);
  private block = Buffer.alloc(0);
  /** What the DATA frames held. */
  readonly data: Buffer[] = [];

  take(sent: Buffer): string[] {
    const lines: string[] = [];
    this.rest = Buffer.concat([this.rest, sent]);
    if (this.rest.toString("latin1", 0, PREFACE.length) === PREFACE) {
      lines.push("preface");
      this.rest = this.rest.subarray(PREFACE.length);
    }
    while (this.rest.length >= 9 && this.rest.length >= 9 + this.rest.readUIntBE(0, 3)) {
      const length = this.rest.readUIntBE(0, 3);
      const line = this.describe(
        this.rest[3],
        this.rest[4],
        this.rest.readUInt32BE(5),
        this.rest.subarray(9, 9 + length),
      );
      if (line !== "") lines.push(line);
      this.rest = this.rest.subarray(9 + length);
    }
    return lines;
  }

  private describe(type: number, flags: number, stream: number, payload: Buffer): string {
    const end = (flags & FLAG.END_STREAM) !== 0 ? " end" : "";
    switch (type) {
      case FRAME.DATA:
        this.data.push(payload);
        return `data ${stream}${end} ${payload.length > 40 ? `${payload.length} octets` : JSON.stringify(payload.toString("latin1"))}`;
      case FRAME.HEADERS:
      case FRAME.CONTINUATION: {
        this.block = Buffer.concat([this.block, payload]);
        if ((flags & FLAG.END_HEADERS) === 0)
          return `${type === FRAME.HEADERS ? "headers" : "continuation"} ${stream}${end} more`;
        const fields: string[] = [];
        const problem = this.decoder.decode(this.block, 0, this.block.length, {
          take: (field, isSensitive) => {
            fields.push(`${isSensitive ? "!" : ""}${field.name.text}=${field.value}`);
          },
        });
        if (problem !== "") throw new Error(problem);
        this.block = Buffer.alloc(0);
        return [`${type === FRAME.HEADERS ? "headers" : "continuation"} ${stream}${end}`, ...fields].join(
          " ",
        );
      }
      case FRAME.RST_STREAM:
        return `rst ${stream} ${errorName(payload.readUInt32BE(0))}`;
      case FRAME.SETTINGS: {
        if ((flags & FLAG.ACK) !== 0) return "settings ack";
        const pairs = [];
        for (let at = 0; at < payload.length; at += 6)
          pairs.push(`${payload.readUInt16BE(at)}=${payload.readUInt32BE(at + 2)}`);
        return ["settings", ...pairs].join(" ");
      }
      case FRAME.PING:
        return `ping ${payload.toString("latin1")}${(flags & FLAG.ACK) !== 0 ? " ack" : ""}`;
      case FRAME.GOAWAY:
        return `goaway ${payload.readUInt32BE(0)} ${errorName(payload.readUInt32BE(4))}`;
      case FRAME.WINDOW_UPDATE:
        return `window ${stream} ${payload.readUInt32BE(0)}`;
      default:
        throw new Error(`a session sent a frame of type ${type}`);
    }
  }
}
