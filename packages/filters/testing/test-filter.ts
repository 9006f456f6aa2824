import { makeFault, seededRandom, TimerWheel } from "@heddle/engine/base";
import { WeightedChoice } from "@heddle/engine/balance";
import { buildChain, EMPTY_CHAIN } from "@heddle/engine/filter";
import type { DataRef, Filter, FilterContext } from "@heddle/engine/filter";
import { Fields, IN_PROCESS_PEER, LENGTH_UNKNOWN, RequestHead } from "@heddle/engine/message";
import type { Exchange, ExchangeEvents, Principal } from "@heddle/engine/message";
import { DEFAULT_LISTENER_SETTINGS } from "@heddle/engine/model";
import { ClusterCall, ForwardedHeaders, NO_RULE, Proxy } from "@heddle/engine/proxy";
import type { Rule, Site } from "@heddle/engine/proxy";
import { makeSharedTableMemory, SharedTable } from "@heddle/engine/shared";
import type { FilterDefinition } from "../define/index.ts";
import { checkConfig } from "../filter-config/index.ts";
import { buildOwn } from "../own/index.ts";
import { FakeClock } from "./fake-clock.ts";
import { FilterResponse } from "./filter-response.ts";
import { RecordingSink } from "./recording-sink.ts";
import { ScriptedBackend } from "./scripted-backend.ts";
import type { BackendScript } from "./scripted-backend.ts";

export interface FilterTestOptions {
  /** What is behind the filter. Default: answers 200 with the text "ok". */
  readonly upstream?: BackendScript;
  /** What `context.fetch` and `context.call` reach, by name. */
  readonly backends?: Readonly<Record<string, BackendScript>>;
  /** What `context.data` shows, by name; `setData` changes it. */
  readonly data?: Readonly<Record<string, string>>;
  /** Who has authenticated before the filter. Default: nobody. */
  readonly principal?: Principal;
  /** As `spec.budget` of a Filter, in milliseconds. Default: no bound, since tests are slow at times. */
  readonly budgetMs?: number;
}

export interface FilterTestRequest {
  /** Default GET, or POST with a body. */
  readonly method?: string;
  /** Default shop.example. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A list comes in pieces, without a length. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client goes away when it fires. */
  readonly signal?: AbortSignal;
}

/** Thrown for a configuration that does not fit the filter's schema. */
export class FilterConfigError extends Error {
  readonly problems: readonly { readonly path: string; readonly message: string }[];

  constructor(problems: FilterConfigError["problems"]) {
    super(problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; "));
    this.name = "FilterConfigError";
    this.problems = problems;
  }
}

/**
 * Builds a filter as a worker does: its configuration checked by its schema, its code watched, in the engine's own chain.
 * Rejects with a FilterConfigError, or with what `create` throws.
 */
export async function testFilter<Config>(
  definition: FilterDefinition<Config>,
  config: unknown = {},
  options: FilterTestOptions = {},
): Promise<FilterTest> {
  const checked = await checkConfig(definition.schema, config);
  if (checked.problems !== undefined) throw new FilterConfigError(checked.problems);
  return new FilterTest(definition as FilterDefinition, checked.config, options);
}

/** A filter in front of a scripted backend, on a clock that stands still: the engine itself, without sockets. */
export class FilterTest {
  readonly clock = new FakeClock();
  readonly upstream: ScriptedBackend;
  /** By name: what each got is in its `requests`. */
  readonly backends: Readonly<Record<string, ScriptedBackend>>;
  /** What the filter counted; `failed` and `over-budget` are counted for it. */
  readonly counters: Record<string, number> = {};
  /** What it told by `context.notify`. */
  readonly notes: (readonly [topic: string, subject: string])[] = [];
  private readonly wheel: TimerWheel;
  private readonly proxy: Proxy;
  private readonly site: Site;
  private readonly values: Record<string, { value: unknown; version: number }> = {};
  private readonly principal: Principal | null;
  private newest: Exchange | null = null;

  /** @internal see `testFilter` */
  constructor(definition: FilterDefinition, config: unknown, options: FilterTestOptions) {
    this.wheel = new TimerWheel(this.clock);
    this.principal = options.principal ?? null;
    const place = { clock: this.clock, wheel: this.wheel };
    this.upstream = new ScriptedBackend("upstream", options.upstream ?? (() => ({ body: "ok" })), place);
    const scripts = Object.entries(options.backends ?? {});
    const backends = scripts.map(
      ([name, script]) => [name, new ScriptedBackend(name, script, place)] as const,
    );
    this.backends = Object.fromEntries(backends);
    for (const [name, value] of Object.entries(options.data ?? {})) this.values[name] = { value, version: 1 };
    this.proxy = new Proxy(
      { ...place, random: seededRandom(1), observer: silent, shedder: null },
      {
        trace: (exchange) => this.meet(exchange),
      },
    );
    this.site = this.makeSite(definition, config, options);
  }

  private meet(exchange: Exchange): void {
    exchange.principal = this.principal;
    this.newest = exchange;
  }

  private makeSite(definition: FilterDefinition, config: unknown, { budgetMs = 0 }: FilterTestOptions): Site {
    const slots = { count: 0 };
    const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));
    const own = {
      filter: "test/filter",
      name: definition.name,
      code: "",
      export: "default",
      config,
      budgetMs,
      backends: named(Object.keys(this.backends)),
      data: named(Object.keys(this.values)),
    };
    const filter: Filter = buildOwn(definition, own, this.contextOf(slots));
    const info = { listener: "", listenerIndex: -1, route: "test/route", rule: "0", routeIndex: -1 };
    const backend = { cluster: this.upstream, chain: EMPTY_CHAIN, status: 500, limits: null };
    const rule: Rule = {
      ...NO_RULE,
      info,
      chain: buildChain([filter], slots.count),
      backends: new WeightedChoice([{ item: backend, weight: 1 }]),
      backendList: [backend],
      isWatched: true,
    };
    const router = { find: () => ({ value: rule, matchedPath: "/" }), findServer: () => null };
    const forwarded = new ForwardedHeaders(DEFAULT_LISTENER_SETTINGS.forwarded);
    return { router, info, forwarded, priorityHeader: null, unrouted: null };
  }

  private contextOf(slots: { count: number }): FilterContext {
    return {
      place: "test/route 0",
      clock: this.clock,
      random: seededRandom(1),
      repeat: () => false,
      shared: new SharedTable(makeSharedTableMemory(1024, 1, [1, 2]), 0, this.clock, 0),
      reserveSlot: () => slots.count++,
      call: (cluster, request, events) => new ClusterCall(this.backends[cluster]!, request, events),
      copy: (cluster, { request }, events) => new ClusterCall(this.backends[cluster]!, request, events),
      data: (name): DataRef => this.values[name]!,
      notify: (topic, subject) => this.notes.push([topic, subject]),
      count: (event) => {
        this.counters[event] = (this.counters[event] ?? 0) + 1;
      },
    };
  }

  /** Another value of an entry that `options.data` has; undefined: it is gone. */
  setData(name: string, value: string | undefined): void {
    const place = this.values[name];
    if (place === undefined) throw new RangeError(`options.data has no ${name}`);
    place.value = value;
    place.version++;
  }

  /**
   * Sends a request through the filter and resolves to what its client gets. Rejects with the signal's reason when the client
   * goes away.
   */
  async fetch(target: string, request: FilterTestRequest = {}): Promise<FilterResponse> {
    const { body, signal } = request;
    signal?.throwIfAborted();
    const sink = new RecordingSink();
    const chunks = body === undefined ? [] : isList(body) ? body : [body];
    const head = headOf(target, request, isList(body) ? LENGTH_UNKNOWN : Buffer.from(body ?? "").length);
    const isLast = head.bodyLength === 0;
    const client = this.proxy.open(head, isLast, IN_PROCESS_PEER, sink, this.site);
    const exchange = this.newest!;
    if (!isLast) send(client, chunks);
    client.onRequestReadDone();
    await (signal === undefined ? sink.done : doneOrAborted(sink, client, signal));
    return new FilterResponse(sink, exchange);
  }
}

const silent = { exchangeStarted() {}, exchangeEnded() {}, retried() {} };

const isList = (body: FilterTestRequest["body"]): body is readonly (string | Uint8Array)[] =>
  Array.isArray(body);

function headOf(target: string, request: FilterTestRequest, bodyLength: number): RequestHead {
  const { method, host = "shop.example", headers = {} } = request;
  const at = target.indexOf("?");
  const head = new RequestHead(
    method ?? (bodyLength === 0 ? "GET" : "POST"),
    "http",
    host,
    at < 0 ? target : target.slice(0, at),
    at < 0 ? "" : target.slice(at),
    Fields.of(Object.entries(headers)),
  );
  head.bodyLength = bodyLength;
  if (bodyLength > 0) head.fields.set("content-length", String(bodyLength));
  return head;
}

function send(client: ExchangeEvents, chunks: readonly (string | Uint8Array)[]): void {
  for (const chunk of chunks) client.onRequestBody(Buffer.from(chunk));
  client.onRequestEnd(null);
}

async function doneOrAborted(
  sink: RecordingSink,
  client: ExchangeEvents,
  signal: AbortSignal,
): Promise<void> {
  const { promise, reject } = Promise.withResolvers<void>();
  const leave = (): void => {
    client.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "the client went away"));
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  await Promise.race([sink.done, promise]);
  signal.removeEventListener("abort", leave);
}
