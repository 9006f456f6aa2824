import { makeFault, Timer } from "../base/index.ts";
import type { Clock, Fault, Random, TimerWheel } from "../base/index.ts";
import { Fields, LENGTH_UNKNOWN, RequestHead } from "../message/index.ts";
import type { ResponseHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { HealthCheckSpec } from "../model/index.ts";
import {
  encodeHealthRequest,
  encodeMessage,
  formatGrpcTimeout,
  HEALTH_CHECK_PATH,
  MessageReader,
  parseGrpcStatus,
  parseHealthResponse,
  SERVING,
} from "../wire/grpc/index.ts";
import type { MessageReaderEvents } from "../wire/grpc/index.ts";
import type { Endpoint } from "./endpoint.ts";

/** Octets of a health check's answer that are read: a varint and what later versions may add. */
const MAX_ANSWER_BYTES = 1_024;

/** What checks need of their cluster. */
export interface HealthHome {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly random: Random;
  /** The `:authority` of checks. */
  authorityOf(endpoint: Endpoint): string;
  open(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault;
  onHealth(endpoint: Endpoint, isHealthy: boolean): void;
  onCheckFailed(endpoint: Endpoint): void;
}

/**
 * Asks each endpoint of a cluster, again and again, whether it serves (gRPC health protocol). One that does not is
 * left out of the choice, as long as there is another.
 */
export class HealthChecks {
  private readonly spec: HealthCheckSpec;
  private readonly home: HealthHome;
  private probes = new Map<Endpoint, Probe>();

  constructor(spec: HealthCheckSpec, home: HealthHome) {
    this.spec = spec;
    this.home = home;
  }

  /** New endpoints are asked at once; those that are gone no more. */
  follow(endpoints: readonly Endpoint[]): void {
    const next = new Map<Endpoint, Probe>();
    for (const endpoint of endpoints) {
      next.set(endpoint, this.probes.get(endpoint) ?? new Probe(endpoint, this.spec, this.home));
    }
    for (const [endpoint, probe] of this.probes) if (!next.has(endpoint)) probe.stop();
    this.probes = next;
  }

  stop(): void {
    this.follow([]);
  }
}

/**
 * The checks of one endpoint.
 *
 *   waiting ──(interval)──► asking ──(the answer, a fault, or no time left)──► waiting
 *
 * The first answer decides at once; later ones in a row of `unhealthyAfter` or `healthyAfter`.
 */
class Probe extends Timer implements UpstreamEvents, MessageReaderEvents {
  private readonly endpoint: Endpoint;
  private readonly spec: HealthCheckSpec;
  private readonly home: HealthHome;
  private stream: UpstreamStream | null = null;
  private isAsking = false;
  private isStopped = false;
  private reader: MessageReader | null = null;
  private status: number | null = null;
  /** Answers in a row that differ from what is held for true. */
  private contrary = 0;
  private isFirst = true;

  constructor(endpoint: Endpoint, spec: HealthCheckSpec, home: HealthHome) {
    super();
    this.endpoint = endpoint;
    this.spec = spec;
    this.home = home;
    home.wheel.schedule(this, home.clock.now());
  }

  stop(): void {
    this.isStopped = true;
    this.home.wheel.cancel(this);
    this.stream?.reset(makeFault("HDL_DOWNSTREAM_RESET", "health check given up"));
    this.stream = null;
    if (!this.endpoint.isHealthy) this.settle(true);
  }

  expire(): void {
    if (!this.isAsking) {
      this.ask();
      return;
    }
    this.stream?.reset(makeFault("HDL_UPSTREAM_TIMEOUT", `no answer within ${this.spec.timeoutMs} ms`));
    this.conclude(false);
  }

  private ask(): void {
    const { endpoint, spec, home } = this;
    this.isAsking = true;
    this.status = null;
    this.reader = new MessageReader(this, MAX_ANSWER_BYTES);
    home.wheel.schedule(this, home.clock.now() + spec.timeoutMs);
    const head = new RequestHead(
      "POST",
      "http",
      home.authorityOf(endpoint),
      HEALTH_CHECK_PATH,
      "",
      Fields.of([]),
    );
    head.fields.addTrusted("content-type", "application/grpc");
    head.fields.addTrusted("grpc-timeout", formatGrpcTimeout(spec.timeoutMs));
    head.acceptsTrailers = true;
    head.bodyLength = LENGTH_UNKNOWN;
    head.version = 20;
    const opened = home.open(endpoint, head, false, false, this);
    if ("code" in opened) {
      this.conclude(false);
      return;
    }
    this.stream = opened;
    opened.writeBody(encodeMessage(encodeHealthRequest(spec.service)));
    opened.writeEnd(null);
    opened.flush();
  }

  /** The check is over: what it says, and when the next one is. */
  private conclude(isGood: boolean): void {
    if (this.isStopped || !this.isAsking) return;
    this.isAsking = false;
    this.stream = null;
    const { endpoint, spec, home } = this;
    if (!isGood) home.onCheckFailed(endpoint);
    if (isGood === endpoint.isHealthy) {
      this.contrary = 0;
    } else if (++this.contrary >= (this.isFirst ? 1 : isGood ? spec.healthyAfter : spec.unhealthyAfter)) {
      this.settle(isGood);
    }
    this.isFirst = false;
    // A tenth more or less, so that workers and endpoints spread out.
    home.wheel.schedule(this, home.clock.now() + spec.intervalMs * (0.9 + 0.2 * home.random.next()));
  }

  private settle(isHealthy: boolean): void {
    this.contrary = 0;
    this.endpoint.isHealthy = isHealthy;
    this.home.onHealth(this.endpoint, isHealthy);
  }

  // UpstreamEvents

  onInformational(): void {}

  onResponseHead(head: ResponseHead, isLast: boolean): void {
    // A status without a message: the service is not known, or the protocol is not served.
    if (isLast || head.status !== 200) {
      if (!isLast) this.stream?.reset(makeFault("HDL_UPSTREAM_STATUS", "health check was not answered"));
      this.conclude(false);
    }
  }

  onResponseBody(chunk: Uint8Array): void {
    this.reader!.read(chunk);
  }

  onMessage(bytes: Uint8Array, isCompressed: boolean): void {
    this.status = isCompressed ? null : parseHealthResponse(bytes);
  }

  onResponseEnd(trailers: Fields | null): void {
    this.reader!.end();
    const isWhole = this.reader!.mistake === null && parseGrpcStatus(trailers?.get("grpc-status")) === 0;
    this.conclude(isWhole && this.status === SERVING);
  }

  onResponseReadDone(): void {}

  onUpstreamDrain(): void {}

  onUpstreamReset(): void {
    this.conclude(false);
  }
}
