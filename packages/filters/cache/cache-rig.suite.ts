import { buildChain } from "@heddle/engine/filter";
import type { Filter, Reply } from "@heddle/engine/filter";
import { makeFault } from "@heddle/engine/base";
import { Fields, LENGTH_UNKNOWN, ResponseHead } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import type { FakeClock } from "@heddle/testkit";
import { makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { CacheConfig } from "./config.ts";
import { cache } from "./filter.ts";

type Pairs = readonly (readonly [string, string])[];

/** What the endpoint answers. Its Date is the clock's unless it says another; null: the request fails. */
export interface Origin {
  readonly status?: number;
  readonly headers?: Pairs;
  readonly body?: string;
  readonly hasDate?: boolean;
}

export interface Asked extends RequestOptions {
  /** Name of who asks. */
  readonly principal?: string;
}

export interface Answer {
  /** The endpoint was asked, with these headers; null: it was not. */
  readonly sent: ReadonlyMap<string, string> | null;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

let count = 0;

export const rigConfig = (change: Partial<CacheConfig> = {}): CacheConfig => ({
  store: `test-${count++}`,
  memoryBytes: 1_000_000,
  maxObjectBytes: 10_000,
  disk: null,
  query: { mode: "all", names: [] },
  headers: [],
  statuses: [],
  targets: [],
  heuristic: null,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  followsRequests: true,
  removesCookies: false,
  coalescing: { maxWaiting: 10, timeoutMs: 5_000 },
  tellsStatus: true,
  purges: "purges",
  ...change,
});

/** A cache between a client and an endpoint that the test plays, on a clock that stands still. */
export class CacheRig {
  readonly context = new RecordingContext();
  readonly filter: Filter;
  private readonly filters;

  constructor(config: CacheConfig = rigConfig()) {
    this.filter = cache.create(config, this.context);
    this.filters = buildChain([this.filter]);
  }

  get clock(): FakeClock {
    return this.context.clock;
  }

  /** The date of now, or of so many seconds later. */
  date(seconds: number = 0): string {
    return new Date(this.clock.wallMs() + seconds * 1_000).toUTCString();
  }

  exchange({ principal, ...options }: Asked = {}): Exchange {
    const exchange = makeExchange({ target: "/a", ...options });
    exchange.slots = Array.from({ length: this.context.slotCount });
    if (principal !== undefined)
      exchange.principal = { subject: principal, issuer: "", method: "", claims: {} };
    return exchange;
  }

  /** A request that waits for nobody, answered by the endpoint as told where it gets there. */
  ask(asked: Asked, origin: Origin | null = {}): Answer {
    const exchange = this.exchange(asked);
    const reply = this.filter.requestHead!(exchange);
    if (reply instanceof Promise) throw new Error("the request waits");
    if (reply !== undefined) {
      this.end(exchange);
      return answerOf(exchange, reply, null);
    }
    return this.respond(exchange, origin);
  }

  /** The endpoint's answer to a request that got there. */
  respond(exchange: Exchange, origin: Origin | null, isWhole: boolean = true): Answer {
    const sent = new Map(exchange.request.fields.toPairs());
    const head = this.headOf(exchange, origin);
    exchange.response = head;
    const reply = this.filter.responseHead!(exchange, head);
    if (reply instanceof Promise) throw new Error("the response waits");
    if (reply !== undefined) {
      this.end(exchange);
      return answerOf(exchange, reply, sent);
    }
    const body = exchange.request.method === "HEAD" ? "" : (origin?.body ?? "");
    if (body !== "") this.flow(exchange, body, isWhole);
    this.end(exchange);
    return { sent, status: head.status, headers: new Map(head.fields.toPairs()), body };
  }

  private headOf(exchange: Exchange, origin: Origin | null): ResponseHead {
    if (origin === null) {
      exchange.fault = makeFault("HDL_UPSTREAM_CONNECT_FAILED", "no");
      return new ResponseHead(502, Fields.of([["content-type", "text/plain"]]), 3);
    }
    const { status = 200, headers = [], body = "", hasDate = true } = origin;
    const fields = Fields.of(headers);
    if (hasDate && !fields.has("date")) fields.add("date", this.date());
    const isEmpty = body === "" || exchange.request.method === "HEAD";
    return new ResponseHead(status, fields, isEmpty ? 0 : LENGTH_UNKNOWN);
  }

  /** The body in two chunks. */
  private flow(exchange: Exchange, body: string, isWhole: boolean): void {
    const [stage] = this.filters.responseBody;
    if (!stage.phase.concerns!(exchange) || stage.phase.mode !== "observe") return;
    stage.phase.chunk(exchange, Buffer.from(body.slice(0, 1)));
    stage.phase.chunk(exchange, Buffer.from(body.slice(1)));
    if (isWhole) stage.phase.end!(exchange);
  }

  end(exchange: Exchange): void {
    exchange.markEnded(this.clock.now());
    this.filter.end!(exchange);
  }

  /** The request that was sent in the background, answered. */
  answerRefresh(origin: Origin | null): ReadonlyMap<string, string> {
    const [original, , slot, value] = this.context.repeats.shift()!;
    const copy = this.exchange({ target: original.request.path + original.request.query });
    for (const [name, text] of original.request.fields.toPairs()) copy.request.fields.add(name, text);
    copy.slots![slot] = value;
    return this.respond(copy, origin).sent!;
  }
}

export function answerOf(exchange: Exchange, reply: Reply, sent: Answer["sent"]): Answer {
  const isBare = exchange.request.method === "HEAD" || reply.status === 304;
  const body = isBare ? "" : Buffer.from(reply.body as Uint8Array).toString();
  return { sent, status: reply.status, headers: new Map(reply.headers), body };
}
