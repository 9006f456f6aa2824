import type { Random } from "../base/index.ts";
import type { HeldRequest } from "../proxy/index.ts";
import { LoadShedder } from "./load-shedder.ts";
import type { ShedObserver } from "./load-shedder.ts";

const PROBE_MS = 20;
const SLICE_MS = 10;
/** What a turn works off reads for. */
const TURN_MS = 10;

interface Arrival {
  readonly atMs: number;
  /** When the loop read it. */
  readonly readMs: number;
  readonly priority: number;
}

/** What requests cost the loop, in milliseconds. */
export interface LoopCosts {
  readonly serve: number;
  /** To read one and find out that it is too much. */
  readonly look: number;
  readonly refuse: number;
  /** Beside requests, each turn. */
  readonly other?: number;
  /** After ten milliseconds of work the system runs others for so long. */
  readonly stolen?: number;
}

export interface LoopRun {
  /** By priority. */
  readonly served: readonly number[];
  readonly offered: readonly number[];
  /** Of these, those that found no free connection. */
  readonly unsent: readonly number[];
  percentile(share: number): number;
}

/**
 * An event loop under an open load: in each turn it reads what has come, and works off in its order as much as a turn
 * has time for. Clients have a number of connections, each with one request at a time. Time is its own.
 */
export class SimulatedLoop {
  nowMs = 0;
  /** How often load began to be shed. */
  begun = 0;
  readonly shedder: LoadShedder;
  private readonly costs: LoopCosts;
  private readonly connections: number;
  private readonly random: Random;
  private probeDueMs = PROBE_MS;
  private waiting: Arrival[] = [];
  /** When the one was read whose turn is next; Infinity: there is none. */
  private nextReadMs = Infinity;
  private busy = 0;
  private cpuMs = 0;
  private probedCpuMs = 0;
  private stolenAtMs = SLICE_MS;
  private nextAtMs = 0;

  constructor(
    targetMs: number,
    observer: ShedObserver,
    costs: LoopCosts,
    connections: number,
    random: Random,
  ) {
    this.shedder = new LoadShedder(targetMs, observer, (nowMs) => Math.max(0, nowMs - this.nextReadMs), 0);
    this.costs = costs;
    this.connections = connections;
    this.random = random;
  }

  /** Requests come for `durationMs`, on average so many of each priority a millisecond. */
  run(durationMs: number, perMs: readonly number[]): LoopRun {
    const endMs = this.nowMs + durationMs;
    const rate = perMs.reduce((sum, one) => sum + one, 0);
    const served = perMs.map(() => 0);
    const offered = perMs.map(() => 0);
    const latencies: number[] = [];
    const unsent = perMs.map(() => 0);
    this.nextAtMs = Math.max(this.nextAtMs, this.nowMs);
    const gap = (): number => (rate === 0 ? Infinity : -Math.log(1 - this.random.next()) / rate);
    while (this.nowMs < endMs) {
      for (; this.nextAtMs <= this.nowMs; this.nextAtMs += gap()) {
        const priority = this.choose(perMs, rate);
        offered[priority]++;
        if (this.busy >= this.connections) unsent[priority]++;
        else this.waiting.push({ atMs: this.nextAtMs, readMs: this.nowMs, priority });
        if (this.busy < this.connections) this.busy++;
      }
      if (this.nowMs >= this.probeDueMs) this.probe();
      if (this.waiting.length > 0 || this.costs.other !== undefined) this.spend(this.costs.other ?? 0);
      else this.nowMs = Math.min(this.nextAtMs, this.probeDueMs);
      const untilMs = this.nowMs + TURN_MS;
      let done = 0;
      while (done < this.waiting.length && this.nowMs < untilMs) {
        const { atMs, priority } = this.waiting[done++];
        this.nextReadMs = this.waiting[done]?.readMs ?? Infinity;
        if (!this.takes(priority)) continue;
        this.spend(this.costs.serve);
        this.busy--;
        served[priority]++;
        latencies.push(this.nowMs - atMs);
      }
      this.waiting.splice(0, done);
    }
    latencies.sort((a, b) => a - b);
    return {
      served,
      offered,
      unsent,
      percentile: (share) => latencies[Math.ceil(share * latencies.length) - 1],
    };
  }

  private takes(priority: number): boolean {
    const { shedder, costs } = this;
    if (!shedder.isOn || shedder.admits(priority, this.nowMs)) return true;
    this.spend(costs.look);
    shedder.hold(this.refusal);
    return false;
  }

  private readonly refusal: HeldRequest = {
    turnAway: () => {
      this.spend(this.costs.refuse);
      this.busy--;
    },
  };

  /** Time in which the loop is at work. */
  private spend(ms: number): void {
    this.nowMs += ms;
    this.cpuMs += ms;
    if (this.costs.stolen === undefined || this.cpuMs < this.stolenAtMs) return;
    this.nowMs += this.costs.stolen;
    this.stolenAtMs = this.cpuMs + SLICE_MS;
  }

  private probe(): void {
    const wasOn = this.shedder.isOn;
    const lateMs = this.nowMs - this.probeDueMs;
    const ownMs = Math.min(lateMs, this.cpuMs - this.probedCpuMs);
    this.probedCpuMs = this.cpuMs;
    const waitMs = this.waiting.length === 0 ? 0 : this.nowMs - this.waiting[0].readMs;
    this.shedder.probe({ waitMs, ownMs, lateMs }, this.nowMs);
    if (this.shedder.isOn && !wasOn) this.begun++;
    this.probeDueMs = this.nowMs + PROBE_MS;
  }

  private choose(perMs: readonly number[], rate: number): number {
    let at = this.random.next() * rate;
    return perMs.findIndex((one) => (at -= one) < 0);
  }
}
