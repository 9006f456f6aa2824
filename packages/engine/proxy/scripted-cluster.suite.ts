import assert from "node:assert/strict";
import { seededRandom } from "../base/index.ts";
import type { Clock, Fault, TimerWheel } from "../base/index.ts";
import { Cluster, UNCOUNTED } from "../cluster/index.ts";
import type { Endpoint } from "../cluster/index.ts";
import { Fields, LENGTH_UNKNOWN, ResponseHead } from "../message/index.ts";
import type { Peer, RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { BalancingSpec, ClusterSettings } from "../model/index.ts";

export interface ClusterScript {
  readonly openFaults: readonly (Fault | null)[];
  readonly opensSlowly: boolean;
  /** Default round robin. */
  readonly balancing?: BalancingSpec;
}

/** The real cluster (endpoints, picking, ejection, budget, sessions) whose connections are the test's own. */
export class ScriptedCluster extends Cluster {
  readonly attempts: Attempt[] = [];
  log: string[] = [];
  private readonly script: ClusterScript;
  private opens = 0;
  /** Numbered as they are first used: which one a picker begins with is its own affair. */
  private readonly numbers = new Map<Endpoint, number>();

  constructor(
    settings: ClusterSettings,
    ports: readonly number[],
    { clock, wheel }: { readonly clock: Clock; readonly wheel: TimerWheel },
    script: ClusterScript,
  ) {
    const unit = {
      kind: "cluster",
      name: "c",
      protocol: "http1",
      endpoints: "c",
      balancing: script.balancing ?? { algorithm: "round-robin" },
      tls: null,
      settings,
    } as const;
    super(unit, null, 0, {
      clock,
      wheel,
      random: seededRandom(3),
      observer: UNCOUNTED,
      indexOf: () => -1,
    });
    this.script = script;
    this.setEndpoints({
      kind: "endpoints",
      name: "c",
      endpoints: ports.map((port) => ({ address: "10.0.0.1", port, weight: 1, zone: "" })),
    });
  }

  override open(
    endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    isFresh: boolean,
    _peer: Peer | null,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    const fault = this.script.openFaults[this.opens++] ?? null;
    const number = this.numbers.get(endpoint) ?? this.numbers.size + 1;
    this.numbers.set(endpoint, number);
    const outcome = fault === null ? "" : ` ${fault.code}`;
    this.log.push(`→ open ${number}${isFresh ? " fresh" : ""}${outcome}`);
    if (fault !== null) return fault;
    const attempt = new Attempt(endpoint, head.clone(), isLast, events, this.log);
    attempt.isOpen = !this.script.opensSlowly;
    this.attempts.push(attempt);
    return attempt;
  }

  /** Every attempt is over and was told so, and none was touched after it. */
  assertIdle(): void {
    for (const endpoint of this.endpoints) assert.equal(endpoint.inFlight, 0, `${endpoint.name} is idle`);
    for (const attempt of this.attempts) {
      assert.ok(attempt.isOver, "the attempt is over");
      assert.deepEqual(attempt.violations, []);
    }
  }
}

/**
 * One attempt as its endpoint sees it; the test answers through it. After the response is complete, or the attempt
 * failed or was reset, the connection is another exchange's: any further call is a violation. (`writeBody` and
 * `writeEnd` are not: a request may still be on its way when an early response is complete.)
 */
export class Attempt implements UpstreamStream {
  readonly endpoint: Endpoint;
  readonly head: RequestHead;
  readonly isWhole: boolean;
  private readonly events: UpstreamEvents;
  private readonly log: string[];
  isOpen = true;
  get mayBeUnsent(): boolean {
    return !this.isOpen;
  }
  isOver = false;
  isPaused = false;
  /** `flush` says that too much waits. */
  isFull = false;
  body = "";
  hasEnded: boolean;
  trailers: Fields | null = null;
  fault: Fault | null = null;
  readonly violations: string[] = [];

  constructor(
    endpoint: Endpoint,
    head: RequestHead,
    isWhole: boolean,
    events: UpstreamEvents,
    log: string[],
  ) {
    this.endpoint = endpoint;
    this.head = head;
    this.isWhole = isWhole;
    this.hasEnded = isWhole;
    this.events = events;
    this.log = log;
  }

  private note(event: string): void {
    this.log.push(`→ ${event}`);
    if (this.isOver) this.violations.push(`${event} after the attempt was over`);
  }

  // UpstreamStream

  writeBody(chunk: Uint8Array): void {
    if (this.isOver) return;
    const text = Buffer.from(chunk).toString();
    this.note(`body ${text}`);
    this.body += text;
  }
  writeEnd(trailers: Fields | null): void {
    if (this.isOver) return;
    if (this.hasEnded) this.violations.push("the request ended twice");
    this.note("end");
    this.hasEnded = true;
    this.trailers = trailers;
  }
  flush(): boolean {
    return !this.isFull;
  }
  reset(fault: Fault): void {
    this.note(`reset ${fault.code}`);
    this.fault = fault;
    this.isOver = true;
  }
  pauseResponseBody(): void {
    this.note("pause");
    this.isPaused = true;
  }
  resumeResponseBody(): void {
    this.note("resume");
    this.isPaused = false;
  }

  // The endpoint's part

  informational(status: number): void {
    this.events.onInformational(new ResponseHead(status, new Fields()));
  }

  /** A response head with a body behind it. */
  answer(status: number, headers: readonly (readonly [string, string])[] = []): void {
    const head = new ResponseHead(status, Fields.of(headers), LENGTH_UNKNOWN);
    const length = head.fields.get("content-length");
    if (length !== undefined) head.bodyLength = Number(length);
    // Behind a 101 the client's bytes are a stream of their own.
    if (status === 101) this.hasEnded = false;
    this.events.onResponseHead(head, false);
  }

  /** A response that is all head. The connection is free before the exchange hears of it, as in the pool. */
  answerWhole(status: number, headers: readonly (readonly [string, string])[] = []): void {
    this.isOver = true;
    this.events.onResponseHead(new ResponseHead(status, Fields.of(headers)), true);
    this.events.onResponseReadDone();
  }

  /** Octets of the response in one read. */
  send(...chunks: readonly string[]): void {
    for (const chunk of chunks) this.events.onResponseBody(Buffer.from(chunk));
    this.events.onResponseReadDone();
  }

  end(trailers: Fields | null = null): void {
    this.isOver = true;
    this.events.onResponseEnd(trailers);
    this.events.onResponseReadDone();
  }

  /** The endpoint's half of a tunnel ends; the client's may go on. */
  endHalf(): void {
    this.events.onResponseEnd(null);
    this.events.onResponseReadDone();
  }

  /** A usual response in one read. */
  respond(status: number, body: string, headers: readonly (readonly [string, string])[] = []): void {
    this.answer(status, headers);
    if (this.isOver) return;
    this.events.onResponseBody(Buffer.from(body));
    if (!this.isOver) this.end();
  }

  fail(fault: Fault): void {
    this.isOver = true;
    this.events.onUpstreamReset(fault);
  }

  drain(): void {
    this.isFull = false;
    this.events.onUpstreamDrain();
  }
}
