import { setTimeout as sleep } from "node:timers/promises";
import { smallJson } from "../rig/index.ts";
import { AnswerLog, type Answered } from "./answers.ts";
import { nowMs } from "./clock.ts";
import { Lane } from "./lane.ts";

export interface TrafficOptions {
  port: number;
  path: string;
  /** requests a second, sent whether or not the earlier ones have been answered */
  rate: number;
  connections: number;
}

export interface TrafficResult {
  /** by `nowMs` of clock.ts */
  answered: Answered;
  /** answers other than the expected one, connections that broke, requests never answered */
  errors: number;
}

/**
 * Steady traffic over keep-alive connections. A request that finds no free connection waits, and the wait counts: a
 * load that only asks again after an answer would not notice a stall.
 */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #request: string;
  readonly #answered = new AnswerLog();
  readonly #waiting: number[] = [];
  readonly #lanes = new Set<Lane>();
  #free: Lane[] = [];
  #errors = 0;
  #isStopped = false;
  #due = 0;
  #startMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#request = `GET ${options.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  }

  start(): void {
    for (let i = 0; i < this.#options.connections; i++) this.#openLane();
    this.#startMs = nowMs();
    this.#timer = setInterval(() => this.#sendDue(), 1);
  }

  /** Stops sending, and counts as errors what is still unanswered after two seconds. */
  async stop(): Promise<TrafficResult> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    const deadline = performance.now() + 2000;
    while (this.#unanswered() > 0 && performance.now() < deadline) await sleep(5);
    const errors = this.#errors + this.#unanswered();
    for (const lane of this.#lanes) lane.close();
    return { answered: this.#answered.all(), errors };
  }

  #unanswered(): number {
    return this.#due - this.#answered.length - this.#errors;
  }

  #sendDue(): void {
    const now = nowMs();
    const due = Math.floor(((now - this.#startMs) / 1000) * this.#options.rate);
    // due now, not at its exact microsecond: lateness of our own timer is no fault of the proxy
    for (; this.#due < due; this.#due++) this.#waiting.push(now);
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    while (this.#waiting.length > 0 && this.#free.length > 0) {
      this.#free.pop()?.send(this.#request, this.#waiting.shift() ?? 0);
    }
  }

  #openLane(): void {
    if (this.#isStopped) return;
    const lane = new Lane(this.#options.port, smallJson, {
      onFree: (freed) => {
        this.#free.push(freed);
        this.#sendWaiting();
      },
      onAnswer: (dueMs, isExpected) => {
        if (isExpected) this.#answered.add(dueMs, nowMs() - dueMs);
        else this.#errors++;
      },
      onLost: (lost, wasWaiting) => {
        if (wasWaiting) this.#errors++;
        this.#lanes.delete(lost);
        this.#free = this.#free.filter((each) => each !== lost);
        setTimeout(() => this.#openLane(), 10).unref(); // a moment apart: a dead proxy is not hammered
      },
    });
    this.#lanes.add(lane);
  }
}
