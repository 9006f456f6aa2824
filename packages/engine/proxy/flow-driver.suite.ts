import assert from "node:assert/strict";
import { seededRandom, TimerWheel } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { WeightedChoice } from "../balance/index.ts";
import { buildChain } from "../filter/index.ts";
import type { Filter } from "../filter/index.ts";
import { Fields, IN_PROCESS_PEER, LENGTH_UNKNOWN, RequestHead } from "../message/index.ts";
import type { Exchange, ExchangeEvents } from "../message/index.ts";
import { DEFAULT_CLUSTER_SETTINGS, DEFAULT_LISTENER_SETTINGS } from "../model/index.ts";
import type { BalancingSpec, ClusterSettings, OverloadSettings, RequestLimits } from "../model/index.ts";
import { FakeClock } from "@heddle/testkit";
import { ScriptedCluster } from "./scripted-cluster.suite.ts";
import type { Attempt } from "./scripted-cluster.suite.ts";
import { ScriptedSink } from "./scripted-sink.suite.ts";
import { ForwardedHeaders, NO_RULE, PriorityHeader, Proxy } from "./index.ts";
import type { Rule, Shedder, Site } from "./index.ts";

export interface DriveOptions {
  /** Default GET without a body. */
  readonly method?: string;
  /** "none" (the default), a length, or "chunked". The test sends the octets itself. */
  readonly body?: "none" | "chunked" | number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly expectsContinue?: boolean;
  readonly filters?: readonly Filter[];
  readonly backendFilters?: readonly Filter[];
  readonly slotCount?: number;
  readonly rule?: Partial<Omit<Rule, "info" | "chain" | "backends" | "backendList">>;
  /** Of the backend. Default: those of the rule. */
  readonly limits?: RequestLimits;
  readonly hasRoute?: boolean;
  readonly hasCluster?: boolean;
  /** Ports of 10.0.0.1; default [1, 2]. They are tried in turn; the log numbers them as they are used. */
  readonly endpoints?: readonly number[];
  readonly settings?: Partial<ClusterSettings>;
  /** Default round robin. */
  readonly balancing?: BalancingSpec;
  /** What opening the n-th attempt gives instead of a stream. */
  readonly openFaults?: readonly (Fault | null)[];
  /** The streams of attempts say "still connecting" until the test says otherwise. */
  readonly opensSlowly?: boolean;
  /** Another exchange to the cluster of an earlier one, on the same clock: sessions, budgets. */
  readonly cluster?: ScriptedCluster;
  /** Default: load is not shed. */
  readonly shedder?: Shedder;
  readonly overload?: Partial<OverloadSettings>;
  /** Default: a caller in the same process. */
  readonly peerAddress?: string;
  /** The client takes no more than is written, from the start. */
  readonly isSinkFull?: boolean;
}

/**
 * One exchange through `Proxy`, without a socket: the test plays the client (`client`), the listener's codec (`sink`)
 * and the endpoints (`attempts`), on a clock that stands still. `log` is the one timeline of all that happened:
 * what filters wrote into it, "→ …" towards the endpoint, "← …" towards the client.
 */
export class Drive {
  readonly log: string[];
  readonly clock: FakeClock;
  readonly wheel: TimerWheel;
  readonly cluster: ScriptedCluster;
  readonly sink: ScriptedSink;
  readonly client: ExchangeEvents;
  exchange!: Exchange;
  retries: (string | null)[] = [];
  private ends = 0;

  constructor(options: DriveOptions, log: string[]) {
    this.log = log;
    this.clock = (options.cluster?.clock as FakeClock | undefined) ?? new FakeClock();
    this.wheel = options.cluster?.wheel ?? new TimerWheel(this.clock);
    this.cluster = options.cluster ?? this.makeCluster(options);
    this.cluster.log = log;
    this.sink = new ScriptedSink(log);
    this.sink.isFull = options.isSinkFull ?? false;
    const context = {
      clock: this.clock,
      random: seededRandom(7),
      wheel: this.wheel,
      observer: this,
      shedder: options.shedder ?? null,
    };
    const proxy = new Proxy(context, null);
    const body = options.body ?? "none";
    this.client = proxy.open(
      makeRequest(options),
      body === "none",
      { ...IN_PROCESS_PEER, address: options.peerAddress ?? "" },
      this.sink,
      this.site(options),
    );
  }

  private makeCluster(options: DriveOptions): ScriptedCluster {
    const { settings, endpoints, openFaults, opensSlowly, balancing } = options;
    return new ScriptedCluster(
      { ...DEFAULT_CLUSTER_SETTINGS, ...settings },
      endpoints ?? [1, 2],
      { clock: this.clock, wheel: this.wheel },
      { openFaults: openFaults ?? [], opensSlowly: opensSlowly ?? false, balancing },
    );
  }

  private site(options: DriveOptions): Site {
    const info = { listener: "l", listenerIndex: 0, route: "", rule: "", routeIndex: -1 };
    const backend = {
      cluster: options.hasCluster === false ? null : this.cluster,
      chain: buildChain(options.backendFilters ?? []),
      status: 500,
      limits: options.limits ?? null,
    };
    const rule: Rule = {
      ...NO_RULE,
      info: { ...info, route: "default/r", rule: "0", routeIndex: 0 },
      chain: buildChain(options.filters ?? [], options.slotCount ?? 0),
      backends: new WeightedChoice([{ item: backend, weight: 1 }]),
      backendList: [backend],
      ...options.rule,
    };
    // Routing has its own tests: here every request takes the one rule, or none.
    const router = {
      find: () => (options.hasRoute === false ? null : { value: rule, matchedPath: "/" }),
      findServer: () => "",
    } as unknown as Site["router"];
    const forwarded = new ForwardedHeaders(DEFAULT_LISTENER_SETTINGS.forwarded);
    const priorityHeader = PriorityHeader.of({ ...DEFAULT_LISTENER_SETTINGS.overload, ...options.overload });
    return { router, info, forwarded, priorityHeader, unrouted: null };
  }

  get attempts(): readonly Attempt[] {
    return this.cluster.attempts;
  }

  /** The last attempt. */
  get attempt(): Attempt {
    const last = this.cluster.attempts.at(-1);
    assert.ok(last, "no attempt was made");
    return last;
  }

  // ExchangeObserver

  exchangeStarted(exchange: Exchange): void {
    this.exchange = exchange;
  }
  exchangeEnded(): void {
    this.ends++;
  }
  retried(_exchange: Exchange, fault: Fault | null): void {
    this.retries.push(fault === null ? null : fault.code);
  }

  // The client

  /** Octets of the request in one read. */
  send(...chunks: readonly string[]): void {
    for (const chunk of chunks) this.client.onRequestBody(Buffer.from(chunk));
    this.client.onRequestReadDone();
  }

  sendEnd(trailers: Fields | null = null): void {
    this.client.onRequestEnd(trailers);
    this.client.onRequestReadDone();
  }

  /** What must hold once an exchange is over, however it went. */
  assertOver(): void {
    assert.equal(this.ends, 1, "the exchange ended exactly once");
    assert.ok(this.exchange.isEnded);
    assert.ok(this.exchange.abortSignal().aborted);
    assert.deepEqual(this.sink.violations, []);
    this.cluster.assertIdle();
    assert.equal(this.wheel.size, 0, "no timer is left");
  }

  assertOpen(): void {
    assert.equal(this.ends, 0, "the exchange goes on");
  }
}

export function drive(options: DriveOptions = {}, log: string[] = []): Drive {
  return new Drive(options, log);
}

function makeRequest({ method, body, headers, expectsContinue }: DriveOptions): RequestHead {
  const head = new RequestHead(method ?? "GET", "http", "shop.example", "/a", "", Fields.of(headers ?? []));
  if (body === "chunked") head.bodyLength = LENGTH_UNKNOWN;
  else if (typeof body === "number") {
    head.bodyLength = body;
    head.fields.set("content-length", String(body));
  }
  head.expectsContinue = expectsContinue ?? false;
  return head;
}

/** Lets promises that are settled run their followers. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A promise in the test's hand. */
export function deferred<T>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>();
}

/** A filter that writes each of its phases into `log`. */
export function tracing(name: string, log: string[], over: Partial<Filter> = {}): Filter {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  return {
    name,
    requestHead: () => void log.push(`${name}.requestHead`),
    requestBody: {
      mode: "observe",
      chunk: (_exchange, bytes) => void log.push(`${name}.requestBody ${text(bytes)}`),
      end: () => void log.push(`${name}.requestBody.end`),
    },
    requestTrailers: () => void log.push(`${name}.requestTrailers`),
    responseHead: () => void log.push(`${name}.responseHead`),
    responseBody: {
      mode: "observe",
      chunk: (_exchange, bytes) => void log.push(`${name}.responseBody ${text(bytes)}`),
      end: () => void log.push(`${name}.responseBody.end`),
    },
    responseTrailers: () => void log.push(`${name}.responseTrailers`),
    end: () => void log.push(`${name}.end`),
    ...over,
  };
}
