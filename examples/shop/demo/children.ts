import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export type ChildOptions = {
  name: string;
  args: string[];
  env?: Record<string, string>;
  /** Each line that the child prints, on either stream. */
  onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** The child ended without having been told to. */
  onCrash?: (how: string, lastLines: string[]) => void;
};

const keptLines = 20;

/** A Node process of the demo; it lives in a process group of its own, so that Ctrl-C reaches the demo only. */
export class Child {
  readonly name: string;
  readonly lastLines: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting = new Set<(line: string | undefined) => void>();
  #isStopping = false;
  #hasEnded = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.#process = spawn(process.execPath, options.args, {
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of ["stdout", "stderr"] as const) {
      createInterface({ input: this.#process[stream] as Readable }).on("line", (line) => {
        this.#keep(line);
        options.onLine?.(line, stream);
        if (stream === "stdout") for (const wake of this.#waiting) wake(line);
      });
    }
    // `close` comes after the last line of both streams, `exit` may come before.
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#hasEnded = true;
        for (const wake of this.#waiting) wake(undefined);
        if (!this.#isStopping) options.onCrash?.(how, this.lastLines);
        resolve();
      };
      this.#process.once("error", (error) => end(error.message));
      this.#process.once("close", (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves with the first line on stdout that `pick` takes, rejects when the child ends before. */
  waitForLine<T>(pick: (line: string) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const wake = (line: string | undefined): void => {
        const picked = line === undefined ? undefined : pick(line);
        if (line !== undefined && picked === undefined) return;
        this.#waiting.delete(wake);
        if (picked === undefined) reject(new Error(`${this.name} ended before it was ready`));
        else resolve(picked);
      };
      this.#waiting.add(wake);
    });
  }

  /**
   * SIGTERM, and SIGKILL to the whole group after `graceMs`. Resolves when the process is gone, with
   * whether it had to be killed.
   */
  async stop(graceMs: number): Promise<boolean> {
    this.#isStopping = true;
    let isKilled = false;
    const deadline = setTimeout(() => {
      isKilled = true;
      this.killNow();
    }, graceMs);
    this.#process.kill("SIGTERM");
    await this.#ended;
    clearTimeout(deadline);
    return isKilled;
  }

  /** SIGKILL to the process and what it started, at once; nothing when it has ended. */
  killNow(): void {
    const { pid } = this.#process;
    if (pid === undefined || this.#hasEnded) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The group ended between the deadline and the signal.
    }
  }

  #keep(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > keptLines) this.lastLines.shift();
  }
}
