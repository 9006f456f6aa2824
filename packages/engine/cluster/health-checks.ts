import { makeFault, Timer } from "../base/index.ts";
import type { Clock, Fault, Random, TimerWheel } from "../base/index.ts";
import type { RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { HealthCheckSpec } from "../model/index.ts";
import type { Connection, DialEvents } from "../net/index.ts";
import type { Endpoint } from "./endpoint.ts";
import { GrpcQuestion } from "./grpc-question.ts";
import type { HealthAsker, HealthQuestion } from "./health-question.ts";
import { HttpQuestion } from "./http-question.ts";
import { TcpQuestion } from "./tcp-question.ts";

/** The first checks of an endpoint are spread over no more than this. */
const MAX_FIRST_DELAY_MS = 1_000;

/** What checks need of their cluster. */
export interface HealthHome {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly random: Random;
  /** The `:authority` of checks. */
  authorityOf(endpoint: Endpoint): string;
  /** Stands for `endpoint` on that port: its connections are those of checks alone, and counted nowhere. */
  shadow(endpoint: Endpoint, port: number): Endpoint;
  open(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    peer: null,
    events: UpstreamEvents,
  ): UpstreamStream | Fault;
  openCall(
    endpoint: Endpoint,
    head: RequestHead,
    isFresh: boolean,
    events: UpstreamEvents,
  ): UpstreamStream | Fault;
  openStream(endpoint: Endpoint, alpn: string, peer: null, events: DialEvents): Connection | Fault;
  streamClosed(endpoint: Endpoint): void;
  /** Is to set `Endpoint.isHealthy`. `problem`: what the last check found; "" for nothing. */
  onHealth(endpoint: Endpoint, isHealthy: boolean, problem: string): void;
  onChecked(endpoint: Endpoint, isGood: boolean): void;
}

/**
 * Asks each endpoint of a cluster, again and again, whether it serves. One that does not is left out of the choice, as
 * long as there is another. `isTakeover`: somebody else has asked up to now, and what is known of endpoints holds.
 */
export class HealthChecks {
  private readonly spec: HealthCheckSpec;
  private readonly home: HealthHome;
  private isTakeover: boolean;
  private probes = new Map<Endpoint, Probe>();

  constructor(spec: HealthCheckSpec, home: HealthHome, isTakeover: boolean = false) {
    this.spec = spec;
    this.home = home;
    this.isTakeover = isTakeover;
  }

  /** New endpoints are asked soon; those that are gone no more. */
  follow(endpoints: readonly Endpoint[]): void {
    const next = new Map<Endpoint, Probe>();
    for (const endpoint of endpoints) {
      const known = this.probes.get(endpoint);
      next.set(endpoint, known ?? new Probe(endpoint, this.spec, this.home, this.isTakeover));
    }
    for (const [endpoint, probe] of this.probes) if (!next.has(endpoint)) probe.stop();
    this.probes = next;
    if (endpoints.length > 0) this.isTakeover = false;
  }

  /** The connections of checks are to be made anew: the cluster's TLS has changed. */
  reconnect(): void {
    for (const probe of this.probes.values()) probe.reconnect();
  }

  /** What was found out stays. */
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
class Probe extends Timer implements HealthAsker {
  readonly authority: string;
  readonly timeoutMs: number;
  private readonly endpoint: Endpoint;
  private readonly shadow: Endpoint;
  private readonly spec: HealthCheckSpec;
  private readonly home: HealthHome;
  private readonly question: HealthQuestion;
  private isAsking = false;
  private isStopped = false;
  /** Answers in a row that differ from what is held for true. */
  private contrary = 0;
  private isFirst: boolean;

  constructor(endpoint: Endpoint, spec: HealthCheckSpec, home: HealthHome, isKnown: boolean) {
    super();
    this.endpoint = endpoint;
    this.spec = spec;
    this.home = home;
    this.timeoutMs = spec.timeoutMs;
    this.authority = home.authorityOf(endpoint);
    this.shadow = home.shadow(endpoint, spec.port === 0 ? endpoint.port : spec.port);
    this.question = makeQuestion(spec, this);
    this.isFirst = !isKnown;
    const delayMs = Math.min(spec.jitterMs, MAX_FIRST_DELAY_MS) * home.random.next();
    home.wheel.schedule(this, home.clock.now() + delayMs);
  }

  stop(): void {
    this.isStopped = true;
    this.home.wheel.cancel(this);
    this.question.giveUp(makeFault("HDL_DOWNSTREAM_RESET", "health check given up"));
    this.shadow.isRemoved = true;
    this.shadow.closeIdle();
  }

  reconnect(): void {
    this.shadow.closeIdle();
  }

  expire(): void {
    const { home, spec, isAsking } = this;
    if (!isAsking) {
      this.isAsking = true;
      home.wheel.schedule(this, home.clock.now() + spec.timeoutMs);
      this.question.ask();
      return;
    }
    const problem = `no answer within ${spec.timeoutMs} ms`;
    this.question.giveUp(makeFault("HDL_UPSTREAM_TIMEOUT", problem));
    this.onAnswer(problem);
  }

  /** The check is over: what it says, and when the next one is. */
  onAnswer(problem: string | null): void {
    if (this.isStopped || !this.isAsking) return;
    this.isAsking = false;
    const isGood = problem === null;
    const { endpoint, spec, home } = this;
    home.onChecked(endpoint, isGood);
    if (isGood === endpoint.isHealthy) {
      this.contrary = 0;
    } else if (++this.contrary >= (this.isFirst ? 1 : isGood ? spec.healthyAfter : spec.unhealthyAfter)) {
      this.contrary = 0;
      home.onHealth(endpoint, isGood, problem ?? "");
    }
    this.isFirst = false;
    // So that endpoints spread out.
    const nextMs = spec.intervalMs + spec.jitterMs * (2 * home.random.next() - 1);
    home.wheel.schedule(this, home.clock.now() + nextMs);
  }

  open(head: RequestHead, isLast: boolean, isFresh: boolean, events: UpstreamEvents): UpstreamStream | Fault {
    return this.home.open(this.shadow, head, isLast, isFresh, null, events);
  }

  call(head: RequestHead, isFresh: boolean, events: UpstreamEvents): UpstreamStream | Fault {
    return this.home.openCall(this.shadow, head, isFresh, events);
  }

  connect(events: DialEvents): Connection | Fault {
    return this.home.openStream(this.shadow, "", null, events);
  }

  closed(): void {
    this.home.streamClosed(this.shadow);
  }
}

function makeQuestion(spec: HealthCheckSpec, asker: HealthAsker): HealthQuestion {
  if (spec.http !== undefined) return new HttpQuestion(spec.http, asker);
  return spec.grpc === undefined ? new TcpQuestion(asker) : new GrpcQuestion(spec.grpc.service, asker);
}
