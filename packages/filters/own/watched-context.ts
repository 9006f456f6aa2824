import type { Clock, ClockTimer } from "@heddle/engine/base";
import type { DataRef, FilterContext, SideCall, SideCallEvents } from "@heddle/engine/filter";
import type { Fields, RequestHead, ResponseHead } from "@heddle/engine/message";
import { fetchBackend, FilterSlot } from "../define/index.ts";
import type { BackendAnswer, BackendRequest, OwnFilterContext } from "../define/index.ts";
import type { OwnFilterConfig } from "./config.ts";
import type { FilterWatch } from "./filter-watch.ts";

/** Events that one filter may make up: the room for names is shared by all of a worker. */
const MAX_EVENTS = 16;
const goodEvent = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** What a filter of the user's reaches of the outside: whatever calls back into its code is watched. */
export class WatchedContext implements OwnFilterContext {
  readonly filter: string;
  readonly clock: Clock;
  readonly random: FilterContext["random"];
  readonly shared: FilterContext["shared"];
  private readonly own: OwnFilterConfig;
  private readonly context: FilterContext;
  private readonly watch: FilterWatch;
  private readonly events = new Set<string>();
  private isBuilt = false;

  constructor(own: OwnFilterConfig, context: FilterContext, watch: FilterWatch) {
    this.filter = own.filter;
    this.own = own;
    this.context = context;
    this.watch = watch;
    this.clock = new WatchedClock(context.clock, watch);
    this.random = context.random;
    this.shared = context.shared;
  }

  /** From here on there are no more slots: the exchange's list is made. */
  close(): void {
    this.isBuilt = true;
  }

  slot<T>(): FilterSlot<T> {
    if (this.isBuilt) throw new Error("slot() is for create alone: call it there, and keep what it gives");
    return new FilterSlot<T>(this.context.reserveSlot());
  }

  fetch(backend: string, request: BackendRequest): Promise<BackendAnswer> {
    const cluster = this.clusterOf(backend);
    return this.watch.outside(fetchBackend, this.context, backend, cluster, request);
  }

  call(backend: string, request: RequestHead, events: SideCallEvents): SideCall {
    const watched = new WatchedCall(events, this.watch);
    const call = this.watch.outside((name: string) => {
      return this.context.call(name, request, watched);
    }, this.clusterOf(backend));
    watched.call = call;
    return call;
  }

  private clusterOf(backend: string): string {
    const { backends } = this.own;
    if (Object.hasOwn(backends, backend)) return backends[backend]!;
    throw new TypeError(`there is no backend ${backend} in spec.backends of Filter ${this.filter}`);
  }

  data(name: string): DataRef {
    const { data } = this.own;
    if (Object.hasOwn(data, name)) return this.context.data(data[name]!);
    throw new TypeError(`there is no entry ${name} in spec.data of Filter ${this.filter}`);
  }

  notify(topic: string, subject: string): void {
    this.context.notify(`filter/${topic}`, subject);
  }

  count(event: string): void {
    if (!this.events.has(event)) {
      if (!goodEvent.test(event))
        throw new TypeError("an event's name must be lower-case letters, digits and hyphens, at most 32");
      if (this.events.size >= MAX_EVENTS)
        throw new RangeError(`a filter counts at most ${MAX_EVENTS} different events`);
      this.events.add(event);
    }
    this.context.count(event);
  }
}

class WatchedClock implements Clock {
  private readonly clock: Clock;
  private readonly watch: FilterWatch;

  constructor(clock: Clock, watch: FilterWatch) {
    this.clock = clock;
    this.watch = watch;
  }

  now(): number {
    return this.clock.now();
  }

  wallMs(): number {
    return this.clock.wallMs();
  }

  after(delayMs: number, run: () => void): ClockTimer {
    return this.clock.after(delayMs, () => this.watch.runLoose("timer", run));
  }
}

/** A call's events run inside the engine: one that throws there ends its call, and nothing else. */
class WatchedCall implements SideCallEvents {
  private readonly events: SideCallEvents;
  private readonly watch: FilterWatch;
  private hasFailed = false;
  call: SideCall | null = null;

  constructor(events: SideCallEvents, watch: FilterWatch) {
    this.events = events;
    this.watch = watch;
  }

  onHead(head: ResponseHead): void {
    this.tell(() => this.events.onHead?.(head));
  }
  onBody(chunk: Uint8Array): void {
    this.tell(() => this.events.onBody?.(chunk));
  }
  onTrailers(trailers: Fields): void {
    this.tell(() => this.events.onTrailers?.(trailers));
  }
  onEnd(fault: string | undefined): void {
    const { events, watch } = this;
    watch.runLoose("call", () => events.onEnd?.(fault));
  }

  private tell(run: () => void): void {
    if (this.hasFailed || this.watch.runLoose("call", run)) return;
    this.hasFailed = true;
    this.call?.abort();
  }
}
