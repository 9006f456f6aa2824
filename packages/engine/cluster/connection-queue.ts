import { makeFault, Timer } from "../base/index.ts";
import type { Clock, Fault, TimerWheel } from "../base/index.ts";
import type { RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { ClusterSettings } from "../model/index.ts";
import { PendingAttempt } from "./pending-attempt.ts";
import type { Pool, PoolPlace } from "./pool.ts";

/** What the queue needs of its cluster. */
export interface QueueHome {
  readonly name: string;
  readonly settings: ClusterSettings;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
}

/** An attempt that waits. It is itself the timer of how long. */
class Waiter extends Timer {
  readonly pool: Pool;
  readonly attempt: PendingAttempt;
  private readonly queue: ConnectionQueue;

  constructor(queue: ConnectionQueue, pool: Pool, attempt: PendingAttempt) {
    super();
    this.queue = queue;
    this.pool = pool;
    this.attempt = attempt;
  }

  expire(): void {
    this.queue.giveUp(this);
  }

  /** Nobody wants it any more. */
  onPendingReset(): void {
    this.queue.remove(this);
  }
}

/**
 * Attempts at endpoints of one cluster that have all the connections they may have: each waits for one of its
 * endpoint's, first come, first served, no longer than a connection may take to be made.
 */
export class ConnectionQueue {
  private readonly home: QueueHome;
  private readonly byPlace = new Map<PoolPlace, Waiter[]>();
  private count = 0;

  constructor(home: QueueHome) {
    this.home = home;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** Another endpoint would not help where it is full: the caller has looked for one. */
  join(pool: Pool, head: RequestHead, isLast: boolean, events: UpstreamEvents): UpstreamStream | Fault {
    const { settings, clock, wheel, name } = this.home;
    const { maxPending = 0, highWaterBytes, connectTimeoutMs } = settings;
    if (this.count >= maxPending) {
      const message = `${name} has ${this.count} requests that wait for a connection, limit ${maxPending}`;
      return makeFault("HDL_UPSTREAM_OVERFLOW", message, undefined, "no");
    }
    const attempt = new PendingAttempt(head, isLast, events, highWaterBytes);
    const waiter = new Waiter(this, pool, attempt);
    attempt.owner = waiter;
    const line = this.byPlace.get(pool.place);
    if (line === undefined) this.byPlace.set(pool.place, [waiter]);
    else line.push(waiter);
    this.count++;
    wheel.schedule(waiter, clock.now() + connectTimeoutMs);
    return attempt;
  }

  /** Who has waited longest for a connection to an endpoint; null where nobody does. */
  first(place: PoolPlace): Waiter | null {
    return this.byPlace.get(place)?.[0] ?? null;
  }

  remove(waiter: Waiter): void {
    const { place } = waiter.pool;
    const line = this.byPlace.get(place);
    const at = line === undefined ? -1 : line.indexOf(waiter);
    if (at < 0) return;
    line!.splice(at, 1);
    if (line!.length === 0) this.byPlace.delete(place);
    this.count--;
    waiter.attempt.owner = null;
    this.home.wheel.cancel(waiter);
  }

  giveUp(waiter: Waiter): void {
    this.remove(waiter);
    const { connectTimeoutMs } = this.home.settings;
    const message = `no connection to ${waiter.pool.name} was free within ${connectTimeoutMs} ms`;
    waiter.attempt.begin(makeFault("HDL_UPSTREAM_OVERFLOW", message, undefined, "no"));
  }
}
