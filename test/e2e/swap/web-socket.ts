import { once } from "node:events";
import net from "node:net";
import type { Duplex } from "node:stream";
import type { Http2Client } from "@heddle/testkit";

/** Four octets of mask, as a client's frames have them (RFC 6455 section 5.3). */
const MASK = Buffer.from([0x0f, 0xf0, 0x33, 0xcc]);

/** A whole text frame of at most 125 octets. */
export function textFrame(text: string, isMasked: boolean): Buffer {
  const payload = Buffer.from(text);
  if (!isMasked) return Buffer.concat([Buffer.from([0x81, payload.length]), payload]);
  const masked = payload.map((octet, at) => octet ^ MASK[at % 4]!);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), MASK, masked]);
}

/** The text of the frame that `octets` begin with, and how long that is; null while it is not whole. */
export function readTextFrame(octets: Buffer): { text: string; length: number } | null {
  const second = octets[1];
  if (second === undefined) return null;
  const isMasked = (second & 0x80) !== 0;
  const start = isMasked ? 6 : 2;
  const length = start + (second & 0x7f);
  if (octets.length < length) return null;
  const mask = octets.subarray(2, 6);
  const payload = octets.subarray(start, length);
  const text = isMasked ? Buffer.from(payload.map((octet, at) => octet ^ mask[at % 4]!)) : payload;
  return { text: text.toString(), length };
}

/**
 * A client's WebSocket that is held: the handshake, then nothing until it is asked for an echo. In octets, so that
 * thousands of them cost little, and so that no library mends what it sees.
 */
export class HeldWebSocket {
  /** How it came to its end; "" while it is open. */
  end = "";
  private readonly stream: Duplex;
  private received: Buffer = Buffer.alloc(0);
  private wake: () => void = () => {};

  private constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("data", (octets: Buffer) => {
      this.received = this.received.length === 0 ? octets : Buffer.concat([this.received, octets]);
      this.wake();
    });
    stream.on("error", (error: NodeJS.ErrnoException) => this.over(error.code ?? error.message));
    stream.on("end", () => this.over("end"));
    stream.on("close", () => this.over("close"));
  }

  /** By an Upgrade, from `from`, one of the loopback addresses: each has ports of its own. Rejects without a 101. */
  static async open(port: number, from: string, path: string): Promise<HeldWebSocket> {
    const socket = net.connect({ port, host: "127.0.0.1", localAddress: from, noDelay: true });
    await once(socket, "connect");
    const held = new HeldWebSocket(socket);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    const head = await held.take((octets) => {
      const end = octets.indexOf("\r\n\r\n");
      return end === -1 ? null : { value: octets.toString("latin1", 0, end), length: end + 4 };
    });
    // RFC 6455 section 1.3 has what this key is answered with.
    if (/^HTTP\/1.1 101 [^]*\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i.test(head)) return held;
    throw new Error(`no WebSocket: ${head}`);
  }

  /** As a stream of an HTTP/2 connection (RFC 8441). Rejects without a 200. */
  static async openStream(client: Http2Client, path: string): Promise<HeldWebSocket> {
    client.session.setMaxListeners(0);
    if (client.session.remoteSettings.enableConnectProtocol !== true)
      await once(client.session, "remoteSettings");
    const head = {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": path,
      "sec-websocket-version": "13",
    };
    const stream = client.open(head, false);
    const [answer] = (await once(stream, "response")) as [{ ":status": number }];
    if (answer[":status"] === 200) return new HeldWebSocket(stream);
    throw new Error(`no WebSocket: ${answer[":status"]}`);
  }

  /** Sends a message and returns the next one that comes. Rejects when the WebSocket is or gets closed. */
  async echo(text: string): Promise<string> {
    this.stream.write(textFrame(text, true));
    return this.take((octets) => {
      const frame = readTextFrame(octets);
      return frame === null ? null : { value: frame.text, length: frame.length };
    });
  }

  destroy(): void {
    this.stream.destroy();
  }

  private async take(read: (octets: Buffer) => { value: string; length: number } | null): Promise<string> {
    for (;;) {
      const found = read(this.received);
      if (found !== null) {
        this.received = this.received.subarray(found.length);
        return found.value;
      }
      if (this.end !== "") throw new Error(`WebSocket is over: ${this.end}`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private over(how: string): void {
    if (this.end === "") this.end = how;
    this.wake();
  }
}
