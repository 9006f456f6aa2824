import { setTimeout as sleep } from "node:timers/promises";
import { smallJson } from "../rig/index.ts";
import { nowMs } from "./clock.ts";
import { Lane } from "./lane.ts";

const timeoutMs = 60_000;
/** Each costs the worker and this process something, which is not what is measured. */
const askEveryMs = 5;

/** Asks for a route that is to come, on one connection that is there before. */
export class NewRoute {
  readonly #request: string;
  readonly #lane: Lane;
  #settle: (isThere: boolean) => void = () => {};
  #fail: (error: Error) => void = () => {};

  private constructor(port: number, path: string, onReady: () => void) {
    this.#request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    this.#lane = new Lane(port, smallJson, {
      onFree: onReady,
      onAnswer: (_, isExpected) => this.#settle(isExpected),
      onLost: () => this.#fail(new Error("the connection that asks for the new route was lost")),
    });
  }

  /** Rejects where the route is there already. */
  static async open(port: number, path: string): Promise<NewRoute> {
    const ready = Promise.withResolvers<void>();
    const route = new NewRoute(port, path, ready.resolve);
    await ready.promise;
    if (await route.#ask()) throw new Error(`the new route ${path} answers before it is written`);
    return route;
  }

  /** Resolves when it answers. */
  async untilAnswers(): Promise<void> {
    const sinceMs = nowMs();
    while (!(await this.#ask())) {
      if (nowMs() - sinceMs > timeoutMs)
        throw new Error(`the new route does not answer ${timeoutMs / 1000} s after the file's write`);
      await sleep(askEveryMs);
    }
  }

  [Symbol.dispose](): void {
    this.#lane.close();
  }

  #ask(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      this.#lane.send(this.#request, 0);
    });
  }
}
