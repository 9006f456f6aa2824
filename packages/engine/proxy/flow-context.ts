import type { Clock, Fault, Random, TimerWheel } from "../base/index.ts";
import type { Exchange } from "../message/index.ts";
import type { Shedder } from "./shedder.ts";

/** What the proxy tells about exchanges: counters, access log. Cheap and synchronous. */
export interface ExchangeObserver {
  exchangeStarted(exchange: Exchange): void;
  /** Once for each that started, with every member of the exchange final. */
  exchangeEnded(exchange: Exchange): void;
  retried(exchange: Exchange, fault: Fault | null): void;
}

/** Of exchanges that are no client's. */
export const UNSEEN: ExchangeObserver = { exchangeStarted() {}, exchangeEnded() {}, retried() {} };

/** What all exchanges of a worker share. */
export interface FlowContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly observer: ExchangeObserver;
  /** Null: load is never shed. */
  readonly shedder: Shedder | null;
}
