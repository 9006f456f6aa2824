import { connect, type Socket } from "node:net";

export interface ClientEvents {
  onFree: (client: Client) => void;
  /** `status` 0: the connection broke */
  onAnswer: (status: number, latencyMs: number) => void;
  onClosed: (client: Client) => void;
}

/** One keep-alive connection that carries one request at a time. Cheap, since the load must not be the limit. */
export class Client {
  readonly #socket: Socket;
  readonly #events: ClientEvents;
  #sentMs = -1;
  #seen = 0;
  #wanted = -1;
  #status = 0;
  isClosed = false;

  constructor(port: number, events: ClientEvents) {
    this.#events = events;
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("connect", () => events.onFree(this));
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", () => {}); // "close" follows
    this.#socket.on("close", () => {
      this.isClosed = true;
      if (this.#sentMs >= 0) events.onAnswer(0, performance.now() - this.#sentMs);
      events.onClosed(this);
    });
  }

  send(request: string): void {
    this.#sentMs = performance.now();
    this.#seen = 0;
    this.#wanted = -1;
    this.#socket.write(request, "latin1");
  }

  close(): void {
    this.#sentMs = -1;
    this.#socket.destroy();
  }

  /** The head of an answer comes in one piece: it is small, and sent at once. */
  #take(chunk: Buffer): void {
    if (this.#wanted === -1) {
      const text = chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      this.#status = Number(text.slice(9, 12));
      this.#wanted = end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? NaN);
    }
    this.#seen += chunk.length;
    if (this.#seen < this.#wanted) return;
    const latencyMs = performance.now() - this.#sentMs;
    this.#sentMs = -1;
    this.#events.onAnswer(this.#status, latencyMs);
    this.#events.onFree(this);
  }
}
