import { setTimeout as sleep } from "node:timers/promises";
import { smallJson } from "../rig/index.ts";
import { nowMs } from "./clock.ts";
import { Lane } from "./lane.ts";

const timeoutMs = 60_000;
/** For one answer, and for the connection. */
const answerMs = 5_000;
/** Each costs the worker and this process something, which is not what is measured. */
const askEveryMs = 5;

/** Asks for a route that is to come, on one connection that is there before. */
export class NewRoute {
  readonly #request: string;
  readonly #lane: Lane;
  readonly #ready = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<never>();
  #settle: (isThere: boolean) => void = () => {};

  private constructor(port: number, path: string) {
    this.#request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    this.#lost.promise.catch(() => {}); // told to whoever waits, then or later
    this.#lane = new Lane(port, smallJson, {
      onFree: () => this.#ready.resolve(),
      onAnswer: (_, isExpected) => this.#settle(isExpected),
      onLost: () => this.#lost.reject(new Error("the connection that asks for the new route was lost")),
    });
  }

  /** Rejects where the route is there already. */
  static async open(port: number, path: string): Promise<NewRoute> {
    const route = new NewRoute(port, path);
    try {
      await route.#orLost(route.#ready.promise);
      if (await route.#ask()) throw new Error(`the new route ${path} answers before it is written`);
      return route;
    } catch (error) {
      route.#lane.close();
      throw error;
    }
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
    return this.#orLost(
      new Promise<boolean>((resolve) => {
        this.#settle = resolve;
        this.#lane.send(this.#request, 0);
      }),
    );
  }

  async #orLost<T>(answer: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${answerMs / 1000} s`)), answerMs);
    try {
      return await Promise.race([answer, this.#lost.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
