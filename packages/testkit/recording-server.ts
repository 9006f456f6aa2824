import net from "node:net";
import { listenOnFreePort } from "./open-port.ts";
import { RawConnection } from "./raw-connection.ts";

export interface RecordingServerOptions {
  /**
   * Sent one after the other, across connections: each after the end of a head (an empty line) has been read.
   * When they are used up, further requests get no answer.
   */
  answers?: readonly (string | Uint8Array)[];
  /** What each connection does, in place of `answers`. An exception ends that connection with a reset. */
  script?: (connection: RawConnection, serial: number) => Promise<void>;
  /** Default 127.0.0.1. */
  host?: string;
}

export interface RecordingServer {
  port: number;
  url: string;
  /** Every connection since the start, in order of arrival; each keeps all the bytes it received. */
  connections: readonly RawConnection[];
  /** The connection with this number, counted from 0, as soon as it has come. */
  connection(serial: number, timeoutMs?: number): Promise<RawConnection>;
  /** All the bytes that were ever received, connection by connection, as latin1 text. */
  receivedText(): string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens a raw TCP upstream that keeps every byte, and says only what the test tells it to say. */
export async function openRecordingServer(options: RecordingServerOptions = {}): Promise<RecordingServer> {
  const connections: RawConnection[] = [];
  const waiting: (() => void)[] = [];
  const script = options.script ?? answerInTurn(options.answers ?? []);
  let isClosed = false;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    // It was on its way: half-open, it would keep the server from closing.
    if (isClosed) {
      socket.destroy();
      return;
    }
    const connection = new RawConnection(socket);
    const serial = connections.push(connection) - 1;
    for (const wake of waiting.splice(0)) wake();
    script(connection, serial).catch(() => connection.reset());
  });
  const host = options.host ?? "127.0.0.1";
  const port = await listenOnFreePort(server, host);
  const close = async () => {
    isClosed = true;
    await Promise.all(connections.map((connection) => connection.close()));
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    connections,
    async connection(serial, timeoutMs = 5000) {
      const deadline = AbortSignal.timeout(timeoutMs);
      for (;;) {
        const connection = connections[serial];
        if (connection) return connection;
        await new Promise<void>((resolve, reject) => {
          const fail = () => reject(new Error(`no connection ${serial} within ${timeoutMs} ms`));
          waiting.push(() => {
            deadline.removeEventListener("abort", fail);
            resolve();
          });
          deadline.addEventListener("abort", fail, { once: true });
        });
      }
    },
    receivedText: () => connections.map(({ received }) => received.toString("latin1")).join(""),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One answer for each head, in the order of the heads over all connections. */
function answerInTurn(answers: readonly (string | Uint8Array)[]) {
  let next = 0;
  return async (connection: RawConnection): Promise<void> => {
    for (;;) {
      const hasHead = await connection.receiveUntil("\r\n\r\n", 60_000).then(
        () => true,
        () => false,
      );
      const answer = answers[next];
      if (!hasHead || answer === undefined) return;
      next += 1;
      connection.send(answer);
    }
  };
}
