import net from "node:net";
import tls from "node:tls";
import type { StoreCredentials } from "@heddle/filters";
import { encodeCommand } from "./encode-command.ts";
import type { RedisAddress } from "./redis-address.ts";
import { RespReader } from "./resp-reader.ts";
import type { Reply } from "./resp-reader.ts";

/** Called once for each command: with its reply, or null when the connection broke before there was one. */
export type OnReply = (reply: Reply | null) => void;

/** One connection to a server: commands out in one write per turn, replies in their order. */
export class RedisConnection {
  private readonly socket: net.Socket;
  private readonly reader = new RespReader();
  private readonly waiting: OnReply[] = [];
  private isOver = false;
  private readonly onGone: () => void;

  /** `onGone` is called once, when it has ended, however it did, after the commands without a reply heard of it. */
  constructor(
    address: RedisAddress,
    credentials: StoreCredentials,
    onConnected: () => void,
    onGone: () => void,
  ) {
    this.onGone = onGone;
    this.socket = connect(address, credentials, onConnected);
    this.socket.setNoDelay(true);
    // A limit is no reason for a process to stay.
    this.socket.unref();
    this.socket.on("data", (bytes: Buffer) => this.read(bytes));
    this.socket.on("error", () => this.close());
    this.socket.on("close", () => this.close());
  }

  send(words: readonly (string | number)[], onReply: OnReply): void {
    if (this.isOver) {
      onReply(null);
      return;
    }
    this.waiting.push(onReply);
    // Together with what else is sent in this turn.
    if (this.socket.writableCorked === 0) {
      this.socket.cork();
      process.nextTick(() => this.socket.uncork());
    }
    this.socket.write(encodeCommand(words));
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.destroy();
    for (const onReply of this.waiting.splice(0)) onReply(null);
    this.onGone();
  }

  private read(bytes: Buffer): void {
    try {
      for (const reply of this.reader.push(bytes)) {
        const onReply = this.waiting.shift();
        // One that nobody asked for: this is not what we speak.
        if (onReply === undefined) throw new Error("a reply without a command");
        onReply(reply);
      }
    } catch {
      this.close();
    }
  }
}

function connect(
  { host, port, isTls }: RedisAddress,
  { ca, certificate, key }: StoreCredentials,
  onConnected: () => void,
): net.Socket {
  if (!isTls) return net.connect({ host, port }, onConnected);
  const servername = net.isIP(host) === 0 ? host : "";
  return tls.connect(
    {
      host,
      port,
      servername,
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
    },
    onConnected,
  );
}
