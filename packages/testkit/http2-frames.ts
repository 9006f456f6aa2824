import { connectRaw } from "./raw-connection.ts";
import type { ConnectRawOptions, RawConnection } from "./raw-connection.ts";

/** Frame types (RFC 9113 section 6). */
export const FRAME_TYPE = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const END_STREAM = 1;
export const END_HEADERS = 4;

export const HTTP2_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** One frame, whatever it says. */
export function makeFrame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | string = "",
): Buffer {
  const body = typeof payload === "string" ? Buffer.from(payload, "latin1") : payload;
  const frame = Buffer.alloc(9 + body.length);
  frame.writeUIntBE(body.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(stream, 5);
  frame.set(body, 9);
  return frame;
}

/** A header block of literals without indexing, not Huffman coded (RFC 7541 section 6.2.2): says exactly this. */
export function makeBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** RFC 7541 section 5.1, with all other bits of the first octet 0. */
export function integer(value: number, prefixBits: number): Buffer {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.from([value]);
  const octets = [limit];
  let rest = value - limit;
  while (rest >= 128) {
    octets.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  octets.push(rest);
  return Buffer.from(octets);
}

export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The pseudo-header fields of a GET to `path`. */
export function getFields(path: string = "/", authority: string = "a.example"): [string, string][] {
  return [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", path],
    [":authority", authority],
  ];
}

/** A client that says exactly the frames that a test wants it to say. */
export class RawHttp2 {
  readonly connection: RawConnection;
  /** Every frame that was read so far. */
  readonly frames: ReceivedFrame[] = [];

  constructor(connection: RawConnection) {
    this.connection = connection;
  }

  send(...frames: (Uint8Array | string)[]): void {
    this.connection.send(
      Buffer.concat(frames.map((one) => (typeof one === "string" ? Buffer.from(one, "latin1") : one))),
    );
  }

  /** HEADERS that are a whole request, or the beginning of one. */
  sendRequest(stream: number, fields: readonly (readonly [string, string])[], isLast: boolean = true): void {
    const flags = END_HEADERS | (isLast ? END_STREAM : 0);
    this.send(makeFrame(FRAME_TYPE.HEADERS, flags, stream, makeBlock(fields)));
  }

  async receive(timeoutMs: number = 15_000): Promise<ReceivedFrame> {
    const head = Buffer.from(await this.connection.receiveBytes(9, timeoutMs), "latin1");
    const payload = Buffer.from(
      await this.connection.receiveBytes(head.readUIntBE(0, 3), timeoutMs),
      "latin1",
    );
    const frame = { type: head[3]!, flags: head[4]!, stream: head.readUInt32BE(5), payload };
    this.frames.push(frame);
    return frame;
  }

  /** Resolves when the other side has worked off everything that was sent before: it has answered a PING. */
  async roundTrip(): Promise<void> {
    const payload = Buffer.from("roundtrp", "latin1");
    this.send(makeFrame(FRAME_TYPE.PING, 0, 0, payload));
    for (;;) {
      const frame = await this.receiveOf(FRAME_TYPE.PING);
      if ((frame.flags & 1) !== 0 && frame.payload.equals(payload)) return;
    }
  }

  /** Reads on until a frame of that type (and stream, where one is given) comes. */
  async receiveOf(type: number, stream: number = -1, timeoutMs: number = 15_000): Promise<ReceivedFrame> {
    for (;;) {
      const frame = await this.receive(timeoutMs);
      if (frame.type === type && (stream === -1 || frame.stream === stream)) return frame;
    }
  }

  /** The error code of the GOAWAY that comes; -1 when the connection ends without one. */
  async goAwayCode(timeoutMs: number = 15_000): Promise<number> {
    try {
      for (;;) {
        const { payload } = await this.receiveOf(FRAME_TYPE.GOAWAY, 0, timeoutMs);
        const code = payload.readUInt32BE(4);
        // The first of a graceful end, which another one follows.
        if (payload.readUInt32BE(0) !== 0x7fffffff || code !== 0) return code;
      }
    } catch {
      return -1;
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Connects, and sends preface and SETTINGS. */
export async function connectRawHttp2(
  port: number,
  options: ConnectRawOptions & { readonly settings?: Uint8Array } = {},
): Promise<RawHttp2> {
  const client = new RawHttp2(await connectRaw(port, options));
  client.send(HTTP2_PREFACE, makeFrame(FRAME_TYPE.SETTINGS, 0, 0, options.settings ?? ""));
  return client;
}
