import { seededRandom } from "@heddle/engine/base";
import type { Random } from "@heddle/engine/base";
import { buildChain } from "@heddle/engine/filter";
import type { DataRef, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import {
  Exchange,
  Fields,
  IN_PROCESS_PEER,
  LENGTH_UNKNOWN,
  RequestHead,
  ResponseHead,
} from "@heddle/engine/message";
import type { Peer } from "@heddle/engine/message";
import { makeSharedTableMemory, SharedTable } from "@heddle/engine/shared";
import { FakeClock } from "@heddle/testkit";
import { RecordedCall } from "./recorded-call.suite.ts";

export interface RequestOptions {
  readonly method?: string;
  readonly scheme?: "http" | "https";
  readonly authority?: string;
  /** With its query. */
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly bodyLength?: number;
  readonly upgrade?: string;
  readonly matchedPath?: string;
  readonly localPort?: number;
}

/** An exchange as the proxy hands it to filters. */
export function makeExchange(options: RequestOptions = {}): Exchange {
  const target = options.target ?? "/";
  const queryAt = target.indexOf("?");
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const head = new RequestHead(
    options.method ?? "GET",
    options.scheme ?? "http",
    options.authority ?? "shop.example",
    path,
    queryAt < 0 ? "" : target.slice(queryAt),
    Fields.of(options.headers ?? []),
  );
  head.bodyLength = options.bodyLength ?? 0;
  head.upgrade = options.upgrade ?? "";
  if (head.bodyLength !== LENGTH_UNKNOWN && head.bodyLength > 0) {
    head.fields.set("content-length", String(head.bodyLength));
  }
  const peer: Peer = { ...IN_PROCESS_PEER, localPort: options.localPort ?? 80 };
  const match = { listener: "", listenerIndex: -1, route: "", rule: "", routeIndex: -1 };
  const exchange = new Exchange(head, peer, match, 0);
  exchange.matchedPath = options.matchedPath ?? "/";
  return exchange;
}

/** A data unit as tests change it. */
class SettableData implements DataRef {
  value: unknown = undefined;
  version = 0;

  set(value: unknown): void {
    this.value = value;
    this.version++;
  }
}

/** A context that remembers what a filter did with it. */
export class RecordingContext implements FilterContext {
  readonly clock = new FakeClock();
  readonly random: Random;
  /** Small, and this context's own. */
  readonly shared = new SharedTable(makeSharedTableMemory(1024, 1, [1, 2]), 0, this.clock, 0);
  readonly calls: RecordedCall[] = [];
  readonly events: string[] = [];
  /** What it told the main thread: topic and subject. */
  readonly notes: (readonly [string, string])[] = [];
  private readonly dataUnits = new Map<string, SettableData>();
  readonly repeats: Parameters<FilterContext["repeat"]>[] = [];
  readonly place = "rule shop/orders/0";
  slotCount = 0;
  /** Thrown by `call`, when set. */
  callError: Error | null = null;

  constructor(random: Random = seededRandom(1)) {
    this.random = random;
  }
  reserveSlot(): number {
    return this.slotCount++;
  }
  call(...[cluster, request, events]: Parameters<FilterContext["call"]>): RecordedCall {
    if (this.callError !== null) throw this.callError;
    const call = new RecordedCall(cluster, request, events);
    this.calls.push(call);
    return call;
  }
  copy(...[cluster, { request }, events]: Parameters<FilterContext["copy"]>): RecordedCall {
    return this.call(cluster, request, events);
  }
  data(name: string): SettableData {
    let found = this.dataUnits.get(name);
    if (found === undefined) this.dataUnits.set(name, (found = new SettableData()));
    return found;
  }
  notify(topic: string, subject: string): void {
    this.notes.push([topic, subject]);
  }
  repeat(...args: Parameters<FilterContext["repeat"]>): boolean {
    this.repeats.push(args);
    return true;
  }
  count(event: string): void {
    this.events.push(event);
  }
}

/** One filter over one exchange, without the runner: request head, body, response head, end. */
export class FilterRun<Config> {
  readonly context: RecordingContext;
  readonly filter: Filter;
  readonly exchange: Exchange;

  constructor(
    factory: FilterFactory<Config>,
    config: Config,
    exchange: Exchange,
    context: RecordingContext = new RecordingContext(),
  ) {
    this.context = context;
    this.exchange = exchange;
    this.filter = factory.create(config, context);
    exchange.slots = Array.from({ length: context.slotCount });
  }

  /** None of these filters waits, so a promise is a failure. */
  request(): Reply | undefined {
    const result = this.filter.requestHead?.(this.exchange);
    if (result instanceof Promise) throw new Error("the filter waits");
    return result ?? undefined;
  }

  body(...chunks: readonly string[]): void {
    const phase = this.filter.requestBody;
    if (phase?.mode !== "observe") throw new Error("the filter does not observe the body");
    for (const chunk of chunks) phase.chunk(this.exchange, Buffer.from(chunk));
  }

  bodyEnd(): void {
    const phase = this.filter.requestBody;
    if (phase?.mode === "observe") phase.end?.(this.exchange);
  }

  response(status: number, headers: readonly (readonly [string, string])[] = []): [string, string][] {
    const head = new ResponseHead(status, Fields.of(headers));
    for (const filter of buildChain([this.filter]).responseHead) {
      const result = filter.responseHead!(this.exchange, head);
      if (result !== undefined) throw new Error("the filter replaces the response");
    }
    return head.fields.toPairs();
  }
}
