import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TrafficOptions, TrafficResult } from "./traffic.ts";

/**
 * Traffic from a process of its own: this one holds configurations of megabytes, and its collections of garbage would
 * hold up the requests.
 */
export class TrafficProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** It ends with this process, however that ends. */
  static async start(options: TrafficOptions): Promise<TrafficProcess> {
    const child = fork(join(import.meta.dirname, "traffic-child.ts"), { serialization: "advanced" });
    const traffic = new TrafficProcess(child);
    child.send(options);
    await traffic.#answer();
    return traffic;
  }

  /** Stops sending, and waits for what is unanswered. */
  async stop(): Promise<TrafficResult> {
    this.#child.send("stop");
    return (await this.#answer()) as TrafficResult;
  }

  [Symbol.dispose](): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  async #answer(): Promise<unknown> {
    const ended = new AbortController();
    const { signal } = ended;
    const answer = once(this.#child, "message", { signal }).then(([message]: unknown[]) => message);
    const death = once(this.#child, "exit", { signal }).then(([code]: unknown[]) => {
      throw new Error(`the process that sends the traffic ended with ${String(code)}`);
    });
    try {
      return await Promise.race([answer, death]);
    } finally {
      ended.abort();
      await Promise.allSettled([answer, death]);
    }
  }
}
