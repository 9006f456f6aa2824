// Nanoseconds of what a rate limit costs an exchange: `node bench/micro/limits.ts`. The shared table, the ways of
// counting, and the whole filter from the request's head to the exchange's end, over as many keys as a table has to look
// for; no socket, no flow. The median of the rounds; the least beside it says how noisy the machine was. Beside it a
// second thread may count the same keys: `--threads 2`.
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { parseArgs } from "node:util";
import { systemClock, systemRandom } from "@heddle/engine/base";
import type { Filter, FilterContext } from "@heddle/engine/filter";
import { Exchange, Fields, IN_PROCESS_PEER, RequestHead, ResponseHead } from "@heddle/engine/message";
import {
  DEFAULT_ENTRIES,
  makeSharedTableMemory,
  monotonicOffsetMs,
  SharedTable,
} from "@heddle/engine/shared";
import type { SharedTableMemory } from "@heddle/engine/shared";
import { rateLimit } from "@heddle/filters";
import type { LimitConfig, RateLimitConfig } from "@heddle/filters";
import { median } from "../rig/index.ts";

const BATCH = 2_000;
const ROUNDS = 300;
const WARM_UP = 50;
const KEYS = 2_000;

const { memory, slot } = (
  isMainThread ? { memory: makeSharedTableMemory(DEFAULT_ENTRIES, 8, [11, 12]), slot: 0 } : workerData
) as { memory: SharedTableMemory; slot: number };
const table = new SharedTable(memory, slot, systemClock, monotonicOffsetMs());
let slots = 0;

const context: FilterContext = {
  clock: systemClock,
  random: systemRandom,
  shared: table,
  place: "bench",
  reserveSlot: () => slots++,
  repeat: () => false,
  call: () => {
    throw new Error("no call");
  },
  copy: () => {
    throw new Error("no copy");
  },
  data: () => ({ value: undefined, version: 0 }),
  notify: () => {},
  count: () => {},
};

const match = { listener: "", listenerIndex: -1, route: "shop/a", rule: "0", routeIndex: -1 };
const addresses = Array.from({ length: KEYS }, (_, at) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);

function makeExchange(at: number): Exchange {
  const head = new RequestHead("GET", "http", "shop.example", "/a", "", new Fields());
  const exchange = new Exchange(head, IN_PROCESS_PEER, match, 0);
  exchange.clientAddress = addresses[at % KEYS]!;
  exchange.principal = { subject: `user-${at % KEYS}`, issuer: "i", method: "jwt", claims: {} } as never;
  exchange.slots = Array.from({ length: slots });
  return exchange;
}

function measure(name: string, run: (at: number) => void, prepare: () => void = () => {}): void {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    prepare();
    systemClock.hold();
    const startedMs = performance.now();
    for (let at = 0; at < BATCH; at++) run(at);
    rounds.push(((performance.now() - startedMs) * 1e6) / BATCH);
    systemClock.release();
  }
  const measured = rounds.slice(WARM_UP);
  if (!isMainThread) return;
  const [middle, least] = [median(measured), Math.min(...measured)];
  console.log(
    `${name.padEnd(48)}${middle.toFixed(0).padStart(6)} ns${least.toFixed(0).padStart(7)} ns least`,
  );
}

const base: LimitConfig = {
  name: "limit",
  scope: "bench",
  meter: { kind: "token-bucket", tokens: 1_000_000, periodMs: 1_000, burst: 10_000_000 },
  key: [{ from: "subject" }],
  whenMissing: "shared",
  match: null,
  cost: { from: "constant", units: 1 },
  isShadow: false,
};

function measureFilter(
  name: string,
  limits: readonly Partial<LimitConfig>[],
  headers: RateLimitConfig["headers"],
): void {
  const config: RateLimitConfig = {
    limits: limits.map((limit) => ({ ...base, ...limit })),
    headers,
    status: 429,
    body: "",
    store: null,
  };
  const filter: Filter = rateLimit.create(config, context);
  let exchanges: Exchange[] = [];
  let answers: ResponseHead[] = [];
  const prepare = (): void => {
    exchanges = Array.from({ length: BATCH }, (_, at) => makeExchange(at));
    answers = exchanges.map(() => new ResponseHead(200, new Fields()));
  };
  const run = (at: number): void => {
    if (filter.requestHead!(exchanges[at]!) !== undefined) throw new Error("refused");
    void filter.responseHead!(exchanges[at]!, answers[at]!);
    filter.end!(exchanges[at]!);
  };
  measure(name, run, prepare);
}

function measureTable(): void {
  const hash = table.hashFor("bench");
  const keys = Array.from({ length: KEYS }, (_, at) => {
    hash.begin();
    hash.text(addresses[at]!);
    hash.end();
    return [hash.hi, hash.lo] as const;
  });
  measure("hash of an address", (at) => {
    hash.begin();
    hash.text(addresses[at % KEYS]!);
    hash.end();
  });
  const nowMs = table.nowMs();
  measure("find and swap, 2,000 keys", (at) => {
    const [hi, lo] = keys[at % KEYS]!;
    const entry = table.take(hi, lo, 0, nowMs, nowMs + 3_600_000);
    const state = table.state(entry);
    table.swap(entry, state, state + 1);
  });
  measure("find and swap, one key", () => {
    const [hi, lo] = keys[0]!;
    const entry = table.take(hi, lo, 0, nowMs, nowMs + 3_600_000);
    const state = table.state(entry);
    table.swap(entry, state, state + 1);
  });
}

const quota = 1_000_000_000;

function measureAll(): void {
  measureTable();
  measureFilter("token bucket by subject, no fields", [{}], "none");
  measureFilter("token bucket by subject", [{}], "standard");
  measureFilter("token bucket, one key for all", [{ key: [] }], "standard");
  const address = [{ from: "client-address", ipv4Bits: 32, ipv6Bits: 64 }] as const;
  measureFilter("token bucket by client address", [{ key: address }], "standard");
  measureFilter(
    "day's quota by subject",
    [{ meter: { kind: "fixed-window", quota, unit: "day" } }],
    "standard",
  );
  measureFilter(
    "sliding window by subject",
    [{ meter: { kind: "sliding-window", quota, windowMs: 60_000 } }],
    "standard",
  );
  measureFilter("concurrency by subject", [{ meter: { kind: "concurrency", quota: 1_000 } }], "standard");
  measureFilter("bucket by subject and bucket by address", [{}, { name: "two", key: address }], "standard");
}

if (isMainThread) {
  const { threads } = parseArgs({ options: { threads: { type: "string", default: "1" } } }).values;
  const others = Array.from(
    { length: Number(threads) - 1 },
    (_, at) => new Worker(new URL(import.meta.url), { workerData: { memory, slot: at + 1 } }),
  );
  measureAll();
  for (const other of others) void other.terminate();
} else {
  for (;;) measureAll();
}
