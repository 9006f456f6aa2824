import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { FAULT_CODES, MetricsRegistry, REFUSALS, WorkerLane } from "@heddle/engine/observe";
import { makeFault } from "@heddle/engine/base";
import { Exchange, Fields, IN_PROCESS_PEER, RequestHead, ResponseHead } from "@heddle/engine/message";
import { parseExposition } from "./exposition.suite.ts";
import { renderMetrics } from "./render-metrics.ts";
import { sampleRegistry } from "./sample-registry.suite.ts";

const FACTS = {
  version: "0.1.0",
  node: "26.10.0",
  residentBytes: 80_000_000,
  cpuSeconds: 1.5,
  startSeconds: 1_769_850_307.042,
};

const KEY_SETS = [
  { place: "https://id.example/jwks", ok: 3, failed: 1, ageMs: 61_250 },
  { place: "https://other.example/jwks", ok: 0, failed: 9, ageMs: null },
];

const CANARIES = [
  { route: "shop/web", rule: "0", weight: 25 },
  { route: "grpcroute/shop/stock", rule: "read", weight: 0 },
];
const CERTIFICATES = [
  { listener: "shop/web/https", certificate: "shop/web", notAfterMs: 1_800_000_000_000 },
  { listener: "shop/web/more", certificate: "acme:shop/ca/a.test/00ff", notAfterMs: 1_790_000_000_500 },
];

describe("renderMetrics", () => {
  it("shows a route's requests and durations", () => {
    const text = renderMetrics(sampleRegistry(), FACTS, CERTIFICATES, CANARIES, KEY_SETS);
    const expected = [
      "# HELP heddle_requests_total Requests that ended, by the class of the status that the client got.",
      "# TYPE heddle_requests_total counter",
      'heddle_requests_total{route="none",code_class="4xx"} 1',
      'heddle_requests_total{route="shop/catalog",rule="0",code_class="2xx"} 2',
      'heddle_requests_total{route="shop/catalog",rule="0",code_class="5xx"} 1',
      "# HELP heddle_request_bytes_total Octets of request bodies.",
      "# TYPE heddle_request_bytes_total counter",
      'heddle_request_bytes_total{route="shop/catalog",rule="0"} 30',
    ];
    assert.ok(text.startsWith(`${expected.join("\n")}\n`), text.slice(0, 900));
    assert.match(
      text,
      /^heddle_request_duration_seconds_bucket\{route="shop\/catalog",rule="0",le="0.005"\} 2$/m,
    );
    assert.match(text, /^heddle_request_duration_seconds_sum\{route="shop\/catalog",rule="0"\} 0.086$/m);
  });

  it("shows services, endpoints, connections, events, workers and the process", () => {
    const found = parseExposition(renderMetrics(sampleRegistry(), FACTS, CERTIFICATES, CANARIES, KEY_SETS));
    const value = (name: string, labels: string) => found.get(name)?.samples.get(`${name}{${labels}}`);
    const service = "service=service/shop/catalog/80";
    assert.equal(value("heddle_upstream_requests_total", `${service},code_class=2xx`), 2);
    assert.equal(value("heddle_upstream_connections_active", service), 0);
    assert.equal(value("heddle_endpoint_attempts_total", `${service},endpoint=[::1]:4001`), 3);
    assert.equal(value("heddle_endpoint_failed_attempts_total", `${service},endpoint=[::1]:4001`), 1);
    assert.equal(value("heddle_connections_active", "listener=[::]/8080"), 1);
    assert.equal(value("heddle_tls_handshakes_total", "listener=[::]/8080,result=failed"), 1);
    assert.equal(value("heddle_listener_requests_total", "listener=shop/web/http,code_class=2xx"), 2);
    assert.equal(value("heddle_requests_active", "listener=shop/web/http"), 1);
    assert.equal(value("heddle_faults_total", "code=HDL_UPSTREAM_TIMEOUT"), 1);
    assert.equal(value("heddle_refusals_total", "kind=connection-limit"), 1);
    assert.equal(value("heddle_filter_events_total", "filter=cors,event=preflight"), 1);
    assert.equal(value("heddle_filter_over_budget_total", "filter=default/tenant"), 1);
    assert.equal(value("heddle_access_log_dropped_total", ""), 2);
    assert.equal(value("heddle_worker_event_loop_delay_max_seconds", "worker=0"), 0.012);
    assert.equal(value("heddle_snapshot_version", "worker=0"), 7);
    assert.equal(value("heddle_build_info", "version=0.1.0,node=26.10.0"), 1);
    assert.equal(value("process_resident_memory_bytes", ""), 80_000_000);
  });

  it("tells every code and kind from the start, and nothing of routes that have counted nothing", () => {
    const registry = new MetricsRegistry();
    registry.openLane(0, 1);
    for (let i = 0; i < 10_000; i++) registry.allocate(`route:d/r${i}/0`);
    const found = parseExposition(renderMetrics(registry, FACTS, [], [], []));
    assert.equal(found.get("heddle_faults_total")!.samples.size, FAULT_CODES.length);
    assert.equal(found.get("heddle_refusals_total")!.samples.size, REFUSALS.length);
    assert.ok(!found.has("heddle_requests_total"));
  });

  it("bounds the series of many routes, and keeps their sum", () => {
    const registry = new MetricsRegistry(10);
    const lane = new WorkerLane(registry.openLane(0, 1));
    for (let i = 0; i < 100; i++) {
      const index = registry.allocate(`route:d/r${i}/0`);
      const match = { listener: "", listenerIndex: -1, route: `d/r${i}`, rule: "0", routeIndex: index };
      const head = new RequestHead("GET", "http", "a", "/", "", new Fields());
      const exchange = new Exchange(head, IN_PROCESS_PEER, match, 0);
      exchange.fault = makeFault("HDL_NO_ENDPOINTS", "no endpoints");
      exchange.response = new ResponseHead(503, new Fields());
      exchange.markEnded(1);
      lane.recordExchange(exchange);
    }
    const { samples } = parseExposition(renderMetrics(registry, FACTS, [], [], [])).get(
      "heddle_requests_total",
    )!;
    assert.equal(samples.size, 11);
    assert.equal(samples.get("heddle_requests_total{route=other,code_class=5xx}"), 90);
  });

  it("shows when certificates end, and of very many those that end first", () => {
    const name = "heddle_certificate_expiration_timestamp_seconds";
    const found = parseExposition(
      renderMetrics(sampleRegistry(), FACTS, CERTIFICATES, CANARIES, KEY_SETS),
    ).get(name)!;
    assert.deepEqual(
      [...found.samples],
      [
        [`${name}{listener=shop/web/more,certificate=acme:shop/ca/a.test/00ff}`, 1_790_000_000.5],
        [`${name}{listener=shop/web/https,certificate=shop/web}`, 1_800_000_000],
      ],
    );
    const many = Array.from({ length: 1_500 }, (_, at) => ({
      listener: `d/g/l${at}`,
      certificate: "d/c",
      notAfterMs: (1_500 - at) * 1_000,
    }));
    const { samples } = parseExposition(renderMetrics(sampleRegistry(), FACTS, many, [], [])).get(name)!;
    assert.equal(samples.size, 1_000);
    assert.equal(Math.max(...samples.values()), 1_000);
  });

  it("shows what share of a rule's requests its canary has", () => {
    const name = "heddle_canary_weight";
    const found = parseExposition(renderMetrics(sampleRegistry(), FACTS, [], CANARIES, [])).get(name)!;
    assert.deepEqual(
      [...found.samples],
      [
        [`${name}{route=shop/web,rule=0}`, 25],
        [`${name}{route=grpcroute/shop/stock,rule=read}`, 0],
      ],
    );
  });

  it("shows how fetching key sets goes, and of very many the first", () => {
    const found = parseExposition(renderMetrics(sampleRegistry(), FACTS, [], [], KEY_SETS));
    const [fetches, ages] = ["heddle_key_set_fetches_total", "heddle_key_set_age_seconds"];
    assert.deepEqual(
      [...found.get(fetches)!.samples],
      [
        [`${fetches}{key_set=https://id.example/jwks,result=ok}`, 3],
        [`${fetches}{key_set=https://id.example/jwks,result=failed}`, 1],
        [`${fetches}{key_set=https://other.example/jwks,result=ok}`, 0],
        [`${fetches}{key_set=https://other.example/jwks,result=failed}`, 9],
      ],
    );
    assert.deepEqual([...found.get(ages)!.samples], [[`${ages}{key_set=https://id.example/jwks}`, 61.25]]);
    const many = Array.from({ length: 1_500 }, (_, at) => ({ ...KEY_SETS[0]!, place: `https://id${at}/` }));
    const { samples } = parseExposition(renderMetrics(sampleRegistry(), FACTS, [], [], many)).get(ages)!;
    assert.equal(samples.size, 1_000);
  });

  it("is described metric by metric in the reference", () => {
    const page = readFileSync(new URL("../../../../docs/reference/metrics.md", import.meta.url), "utf8");
    const documented = [...page.matchAll(/^\| `([a-z_]+)` +\| (counter|gauge|histogram) +\|/gm)];
    const found = parseExposition(renderMetrics(sampleRegistry(), FACTS, CERTIFICATES, CANARIES, KEY_SETS));
    assert.deepEqual(
      documented.map(([, name, type]) => `${name} ${type}`).sort(),
      [...found].map(([name, { type }]) => `${name} ${type}`).sort(),
    );
  });
});
