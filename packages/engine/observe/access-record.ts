import type { Exchange } from "../message/index.ts";
import { statusOf } from "./lane.ts";

/**
 * What is known of one exchange when it has ended: the exchange itself, and what is only known at the end or not by
 * the request path. A view, not a copy: nothing is read that no consumer asks for, and an Exchange does not change
 * after its end. Fields that nobody fills yet are null and left out of logs.
 */
export class AccessRecord {
  readonly exchange: Exchange;
  /** Milliseconds since the epoch when the request's head was there. */
  readonly startedWallMs: number;
  /** What an API description calls this request. */
  operation: string | null = null;
  /** The consumer that the credential belongs to, the credential's id (never the credential), and its plan. */
  consumer: string | null = null;
  credential: string | null = null;
  plan: string | null = null;
  /** Identity that the client's certificate proves. */
  peerIdentity: string | null = null;

  /** `endedWallMs`: milliseconds since the epoch, taken when the exchange was marked as ended. */
  constructor(exchange: Exchange, endedWallMs: number) {
    this.exchange = exchange;
    this.startedWallMs = endedWallMs - (exchange.endedMs - exchange.startedMs);
  }

  /** The status that the client got; what the fault stands for where nothing was sent; 0 when there is neither. */
  get status(): number {
    return statusOf(this.exchange);
  }

  /** From the request's head to the last byte of the response. */
  get durationMs(): number {
    return this.exchange.endedMs - this.exchange.startedMs;
  }

  /** From the last attempt's start to its response head; -1 when there was none. */
  get upstreamMs(): number {
    const { responseHeadMs, upstreamStartedMs } = this.exchange;
    return responseHeadMs > 0 ? responseHeadMs - upstreamStartedMs : -1;
  }
}

/** "HTTP/1.1" of RequestHead.version; "TCP" of 0, a connection that was passed on, "UDP" of 1, a session of datagrams. */
export function protocolName(version: number): string {
  if (version === 0) return "TCP";
  if (version === 1) return "UDP";
  return version === 11 ? "HTTP/1.1" : version === 20 ? "HTTP/2.0" : "HTTP/1.0";
}
