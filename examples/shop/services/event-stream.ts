import type { ServerResponse } from "node:http";

const keepAliveMs = 15_000;

/** The open server-sent-event streams of one service (HTML Living Standard, section 9.2). */
export class EventStreams {
  readonly #open = new Set<ServerResponse>();
  readonly #keepAlive: NodeJS.Timeout;

  constructor() {
    // A comment now and then, so that a proxy's idle timeout does not end a quiet stream.
    this.#keepAlive = setInterval(() => this.#write(": keep-alive\n\n"), keepAliveMs);
    this.#keepAlive.unref();
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes the response over, sends `events` at once, and every later one until the client leaves. */
  add(response: ServerResponse, events: readonly { event: string; data: unknown }[]): void {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    response.flushHeaders();
    for (const { event, data } of events) response.write(formatEvent(event, data));
    this.#open.add(response);
    response.once("close", () => this.#open.delete(response));
  }

  send(event: string, data: unknown): void {
    this.#write(formatEvent(event, data));
  }

  close(): void {
    clearInterval(this.#keepAlive);
    for (const response of this.#open) response.end();
  }

  #write(text: string): void {
    for (const response of this.#open) {
      // A reader that does not keep up loses events instead of filling this process's memory.
      if (!response.writableNeedDrain) response.write(text);
    }
  }
}

function formatEvent(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
