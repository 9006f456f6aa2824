import { cpus } from "node:os";
import { Exchange, Fields, NAME, RequestHead, ResponseHead } from "@heddle/engine/message";
import {
  AccessRecord,
  formatCommon,
  formatJson,
  LineBuffer,
  MetricsRegistry,
  TraceIds,
  traceExchange,
  WorkerLane,
} from "@heddle/engine/observe";

/**
 * Nanoseconds of each thing that `observe` does once per exchange. Inputs differ from call to call and their fields
 * are slices of a head, as on the request path; the best of several rounds is printed, since other work on the
 * machine only ever adds.
 */
const ROUNDS = 7;
const CALLS = 40_000;
const EXCHANGES = 512;

const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36";

function measure(name: string, run: (i: number) => unknown): void {
  let best = Infinity;
  let sink = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < CALLS; i++) if (run(i) === undefined) sink++;
    best = Math.min(best, ((performance.now() - start) * 1e6) / CALLS);
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(0).padStart(6)} ns${sink < 0 ? "!" : ""}`);
}

function requestFields(userAgent: string, traceparent: string): Fields {
  const names = ["accept", "user-agent", "traceparent"];
  const values = ["*/*", userAgent, traceparent];
  const ids = [0, NAME.USER_AGENT, NAME.TRACEPARENT];
  const count = traceparent === "" ? 2 : 3;
  let text = "";
  const spans: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = text.length;
    text += `${names[i]}: ${values[i]}\r\n`;
    spans.push(ids[i], at, at + names[i].length, at + names[i].length + 2, text.length - 2);
  }
  return new Fields(Buffer.from(text, "latin1").toString("latin1"), spans);
}

function makeExchange(
  i: number,
  routes: readonly number[],
  userAgent: string,
  traceparent: string,
): Exchange {
  const head = new RequestHead(
    "GET",
    "http",
    "shop.example.test",
    `/catalog/products/${i}`,
    "",
    requestFields(userAgent, traceparent),
  );
  const peer = {
    address: `10.0.${i & 7}.9`,
    port: 40_000 + i,
    localAddress: "10.0.0.1",
    localPort: 80,
    tls: null,
  };
  const routeIndex = routes[(i * 37) % routes.length];
  const match = { listener: "shop/web/http", listenerIndex: 1, route: "shop/catalog", rule: "0", routeIndex };
  const exchange = new Exchange(head, peer, match, 1_000 + i);
  exchange.response = new ResponseHead(200, new Fields());
  exchange.cluster = "service/shop/catalog/80";
  exchange.clusterIndex = 1 + (i % 20);
  exchange.endpoint = "10.0.1.2:4001";
  exchange.endpointIndex = 1 + (i % 60);
  exchange.attempts = 1;
  exchange.responseBytes = 110;
  exchange.upstreamStartedMs = 1_000.1 + i;
  exchange.responseHeadMs = 1_000.9 + i + (i % 7) / 3;
  exchange.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  exchange.markEnded(1_001.3 + i + (i % 11) / 3);
  return exchange;
}

const registry = new MetricsRegistry();
registry.allocate("listener:shop/web/http");
const routes = Array.from({ length: 1_000 }, (_, i) => registry.allocate(`route:shop/r${i}/0`));
for (let i = 0; i < 20; i++) registry.allocate(`cluster:c${i}`);
for (let i = 0; i < 60; i++) registry.allocate(`endpoint:c${i % 20}|10.0.0.1:${i}`);
const lane = new WorkerLane(registry.openLane(0, 1));

const indexes = Array.from({ length: EXCHANGES }, (_, i) => i);
const browsers = indexes.map((i) => makeExchange(i, routes, USER_AGENT, ""));
const clients = indexes.map((i) => makeExchange(i, routes, "curl/8.5.0", ""));
const records = (exchanges: Exchange[]) =>
  exchanges.map((e, i) => new AccessRecord(e, 1_769_850_307_000 + i));
const [browserRecords, clientRecords] = [records(browsers), records(clients)];

console.log(`${cpus()[0].model}, Node ${process.versions.node}`);
measure("recordExchange", (i) => lane.recordExchange(browsers[i & (EXCHANGES - 1)]));
measure("formatJson, short user agent", (i) => formatJson(clientRecords[i & (EXCHANGES - 1)], "none"));
measure("formatJson, browser's user agent", (i) => formatJson(browserRecords[i & (EXCHANGES - 1)], "none"));
measure("formatCommon, browser's user agent", (i) =>
  formatCommon(browserRecords[i & (EXCHANGES - 1)], "none"),
);

const buffer = new LineBuffer({ write: (bytes) => bytes.length > 0 });
measure("formatJson and LineBuffer, to bytes, short", (i) =>
  buffer.add(formatJson(clientRecords[i & (EXCHANGES - 1)], "none")),
);
measure("formatJson and LineBuffer, to bytes, browser", (i) =>
  buffer.add(formatJson(browserRecords[i & (EXCHANGES - 1)], "none")),
);
measure("JSON.stringify of an object with as much", (i) => {
  const { exchange, status, durationMs, upstreamMs, startedWallMs } = clientRecords[i & (EXCHANGES - 1)];
  const { request, match } = exchange;
  return JSON.stringify({
    time: new Date(startedWallMs).toISOString(),
    client: exchange.clientAddress,
    protocol: "HTTP/1.1",
    method: request.method,
    authority: exchange.originalAuthority,
    path: exchange.originalPath,
    status,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
    listener: match.listener,
    route: match.route,
    rule: match.rule,
    service: exchange.cluster,
    endpoint: exchange.endpoint,
    attempts: exchange.attempts,
    upstreamMs: Math.round(upstreamMs * 1_000) / 1_000,
    traceId: exchange.traceId,
    spanId: exchange.spanId,
    userAgent: request.fields.get("user-agent"),
  });
});

const ids = new TraceIds(Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x2545f491));
measure("TraceIds.spanId", () => ids.spanId());
/** With what each call has to put back: the head as it came. */
const traced = (traceparent: string, trace: (exchange: Exchange) => void): ((i: number) => void) => {
  const exchanges = indexes.map((i) => makeExchange(i, routes, "curl/8.5.0", traceparent));
  return (i) => {
    const exchange = exchanges[i & (EXCHANGES - 1)];
    const { fields } = exchange.request;
    fields.added.length = 0;
    if (traceparent !== "") fields.spans[10] = NAME.TRACEPARENT;
    trace(exchange);
  };
};
const incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
measure(
  "one field added, to take off the next two",
  traced("", (exchange) => exchange.request.fields.addTrusted("x", "y")),
);
measure(
  "traceExchange, starts a trace",
  traced("", (exchange) => traceExchange(exchange, ids)),
);
measure(
  "traceExchange, continues one",
  traced(incoming, (exchange) => traceExchange(exchange, ids)),
);

const start = performance.now();
let cells = 0;
registry.visit("route", (_key, row) => (cells += row.length));
console.log(`summing 1,000 routes: ${(performance.now() - start).toFixed(1)} ms, ${cells} cells`);
