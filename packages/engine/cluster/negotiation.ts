import type { Fault } from "../base/index.ts";
import type { Connection, DialEvents, DialFailure } from "../net/index.ts";
import { dialFault } from "./dial-fault.ts";
import type { PendingAttempt } from "./pending-attempt.ts";

/** Who speaks the protocol that was agreed on. */
export interface NegotiationHome<E extends NegotiatingEndpoint<E>> {
  /** Makes the connection one of HTTP/2, or of HTTP/1.1, and begins what waits for it. */
  agreed(negotiation: Negotiation<E>, isHttp2: boolean): DialEvents;
}

/** What is asked of the endpoint that the connection is made to. */
export interface NegotiatingEndpoint<E extends NegotiatingEndpoint<E>> {
  readonly name: string;
  negotiation: Negotiation<E> | null;
  onDialFailed(failure: DialFailure): void;
  onConnectionGone(): void;
}

/**
 * A TLS connection to an endpoint whose protocol ALPN decides (RFC 7301). Exchanges wait for it together, since it may
 * carry them all; afterwards it passes its events on to whoever speaks the protocol.
 */
export class Negotiation<E extends NegotiatingEndpoint<E>> implements DialEvents {
  readonly endpoint: E;
  /** The TLS settings that it was made under: see Cluster.epoch. */
  readonly epoch: number;
  readonly pending: PendingAttempt[] = [];
  connection!: Connection;
  private readonly home: NegotiationHome<E>;
  private target: DialEvents | null = null;

  constructor(home: NegotiationHome<E>, endpoint: E, epoch: number) {
    this.home = home;
    this.endpoint = endpoint;
    this.epoch = epoch;
  }

  onOpen(): void {
    this.leaveEndpoint();
    this.target = this.home.agreed(this, this.connection.alpn === "h2");
  }

  onDialFailed(failure: DialFailure): void {
    this.leaveEndpoint();
    this.endpoint.onDialFailed(failure);
    this.fail(dialFault(this.endpoint.name, failure));
  }

  private leaveEndpoint(): void {
    if (this.endpoint.negotiation === this) this.endpoint.negotiation = null;
  }

  private fail(fault: Fault): void {
    for (const one of this.pending.splice(0)) one.begin(fault);
  }

  onBytes(bytes: Buffer, length: number): void {
    this.target?.onBytes(bytes, length);
  }

  onEnd(): void {
    this.target?.onEnd();
  }

  onDrain(): void {
    this.target?.onDrain();
  }

  onClosed(error: Error | null): void {
    if (this.target !== null) this.target.onClosed(error);
    else this.endpoint.onConnectionGone();
  }
}
