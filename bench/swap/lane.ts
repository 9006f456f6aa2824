import { connect, type Socket } from "node:net";

/** What a lane tells its traffic: it is free again, with how the last request went, if there was one. */
export type LaneEvents = {
  onFree: (lane: Lane) => void;
  onAnswer: (dueMs: number, isExpected: boolean) => void;
  onLost: (lane: Lane, wasWaiting: boolean) => void;
};

/** One keep-alive connection that carries one request at a time. */
export class Lane {
  readonly #socket: Socket;
  readonly #events: LaneEvents;
  readonly #expectedBody: string;
  #text = "";
  #dueMs: number | undefined;
  #isClosed = false;

  constructor(port: number, expectedBody: string, events: LaneEvents) {
    this.#events = events;
    this.#expectedBody = expectedBody;
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("connect", () => events.onFree(this));
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", () => {}); // "close" follows
    this.#socket.on("close", () => {
      if (!this.#isClosed) events.onLost(this, this.#dueMs !== undefined);
    });
  }

  send(request: string, dueMs: number): void {
    this.#dueMs = dueMs;
    this.#socket.write(request);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#text += chunk.toString("latin1");
    if (this.#dueMs === undefined || !isComplete(this.#text)) return;
    const isExpected = this.#text.startsWith("HTTP/1.1 200") && this.#text.endsWith(this.#expectedBody);
    this.#events.onAnswer(this.#dueMs, isExpected);
    this.#text = "";
    this.#dueMs = undefined;
    this.#events.onFree(this);
  }
}

/** Whether head and body are there; an answer without Content-Length never is, and counts as unanswered. */
function isComplete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, Math.max(end, 0)))?.[1];
  return end !== -1 && length !== undefined && text.length - end - 4 >= Number(length);
}
