import type { Clock, ClockTimer } from "./clock.ts";

/**
 * Many coarse timeouts over one real timer: a hashed wheel of `SLOTS` slots of `TICK_MS` each.
 *
 *   slot 0 ─ slot 1 ─ … ─ slot 511 ─ (again slot 0)
 *     │        └ Timer ⇄ Timer              each slot is a ring of timers
 *
 * A timer fires up to one tick late, never early. Moving a deadline later (`touch`) is one field write: the
 * timer stays in its slot and is filed again when that slot comes round. The wheel sleeps while it is empty.
 */
export const TICK_MS = 20;
const SLOTS = 512;

/** Embed by extending, so that an idle timer costs no closure: one `expire` per class. */
export abstract class Timer {
  /** Clock milliseconds at which it is due; Infinity while it is not scheduled. */
  deadlineMs = Infinity;
  /** @internal ring links and the tick it is filed under */
  next: Timer | null = null;
  /** @internal */
  previous: Timer | null = null;
  /** @internal */
  filedTick = -1;
  abstract expire(nowMs: number): void;
}

class Ring extends Timer {
  constructor() {
    super();
    this.next = this;
    this.previous = this;
  }
  expire(): void {}
}

/** A timer for places that are not hot: runs one function. */
export class CallbackTimer extends Timer {
  readonly run: (nowMs: number) => void;
  constructor(run: (nowMs: number) => void) {
    super();
    this.run = run;
  }
  expire(nowMs: number): void {
    this.run(nowMs);
  }
}

export class TimerWheel {
  private readonly clock: Clock;
  private readonly slots: Ring[] = [];
  private tick: number;
  private count = 0;
  private wakeUp: ClockTimer | null = null;
  private wakeTick = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.tick = Math.floor(clock.now() / TICK_MS);
    for (let i = 0; i < SLOTS; i++) this.slots.push(new Ring());
  }

  /** Timers that are scheduled. */
  get size(): number {
    return this.count;
  }

  /** Schedules `timer` for `deadlineMs` on the wheel's clock; a scheduled one is moved. */
  schedule(timer: Timer, deadlineMs: number): void {
    timer.deadlineMs = deadlineMs;
    if (timer.next !== null) {
      // Later than filed: found and filed again when its slot comes round.
      if (Math.ceil(deadlineMs / TICK_MS) >= timer.filedTick) return;
      this.unlink(timer);
    }
    if (this.count === 0) this.tick = Math.floor(this.clock.now() / TICK_MS);
    this.file(timer);
    if (this.wakeUp === null || timer.filedTick < this.wakeTick) this.sleep();
  }

  cancel(timer: Timer): void {
    timer.deadlineMs = Infinity;
    if (timer.next !== null) this.unlink(timer);
  }

  /** Stops the real timer and forgets every timer, without firing. */
  close(): void {
    this.wakeUp?.cancel();
    this.wakeUp = null;
    for (const ring of this.slots) {
      while (ring.next !== ring) this.unlink(ring.next!);
    }
  }

  private file(timer: Timer): void {
    const due = Math.max(Math.ceil(timer.deadlineMs / TICK_MS), this.tick + 1);
    // Beyond one turn: filed in the last slot of this turn, and again from there.
    const filed = Math.min(due, this.tick + SLOTS - 1);
    const ring = this.slots[filed % SLOTS];
    timer.filedTick = filed;
    timer.previous = ring.previous;
    timer.next = ring;
    ring.previous!.next = timer;
    ring.previous = timer;
    this.count++;
  }

  private unlink(timer: Timer): void {
    timer.previous!.next = timer.next;
    timer.next!.previous = timer.previous;
    timer.next = null;
    timer.previous = null;
    this.count--;
  }

  /** Arms the real timer for the next slot that holds one. */
  private sleep(): void {
    let ticks = 1;
    while (ticks < SLOTS - 1 && this.isEmpty(this.tick + ticks)) ticks++;
    this.wakeTick = this.tick + ticks;
    this.wakeUp?.cancel();
    this.wakeUp = this.clock.after(Math.max(1, this.wakeTick * TICK_MS - this.clock.now()), () =>
      this.turn(),
    );
  }

  private isEmpty(tick: number): boolean {
    const ring = this.slots[tick % SLOTS];
    return ring.next === ring;
  }

  private turn(): void {
    this.wakeUp = null;
    const nowMs = this.clock.now();
    const nowTick = Math.floor(nowMs / TICK_MS);
    while (this.tick < nowTick) {
      this.tick++;
      this.expireSlot(this.slots[this.tick % SLOTS], nowMs);
    }
    if (this.count > 0) this.sleep();
  }

  private expireSlot(ring: Ring, nowMs: number): void {
    // Cut the ring off first: an expiring timer may schedule itself, or others, into the same slot.
    const due: Timer[] = [];
    while (ring.next !== ring) {
      const timer = ring.next!;
      this.unlink(timer);
      due.push(timer);
    }
    for (const timer of due) {
      if (timer.next !== null || timer.deadlineMs === Infinity) continue; // moved or cancelled by an earlier one
      if (timer.deadlineMs > nowMs) {
        this.file(timer);
        continue;
      }
      timer.deadlineMs = Infinity;
      timer.expire(nowMs);
    }
  }
}
