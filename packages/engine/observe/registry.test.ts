import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { makeFault } from "../base/index.ts";
import { Exchange, Fields, IN_PROCESS_PEER, RequestHead, ResponseHead } from "../message/index.ts";
import { WorkerLane } from "./lane.ts";
import {
  BUCKETS_MS,
  CLUSTER,
  ENDPOINT,
  GRPC_CODES,
  FAULT_CODES,
  HISTOGRAM_CELLS,
  LISTENER,
  REFUSALS,
  ROUTE,
  WORKER,
} from "./layout.ts";
import type { IndexedGroup } from "./layout.ts";
import { MetricsRegistry } from "./registry.ts";

function ended(routeIndex: number, status: number, ms = 3): Exchange {
  const head = new RequestHead("GET", "http", "a.test", "/", "", new Fields());
  const match = { listener: "d/g/web", listenerIndex: 1, route: "d/r", rule: "0", routeIndex };
  const exchange = new Exchange(head, IN_PROCESS_PEER, match, 100);
  if (status > 0) exchange.response = new ResponseHead(status, new Fields());
  exchange.markEnded(100 + ms);
  return exchange;
}

function rows(registry: MetricsRegistry, group: IndexedGroup): Map<string, number[]> {
  const found = new Map<string, number[]>();
  registry.visit(group, (key, cells) => found.set(key, Array.from(cells)));
  return found;
}

describe("WorkerLane and MetricsRegistry", () => {
  it("counts an exchange once for its listener, route, cluster and endpoint", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    registry.allocate("listener:d/g/web");
    const exchange = ended(registry.allocate("route:d/r/0"), 204, 7);
    exchange.clusterIndex = registry.allocate("cluster:service/d/s/80");
    exchange.endpointIndex = registry.allocate("endpoint:service/d/s/80|10.0.0.1:80");
    exchange.requestBytes = 10;
    exchange.responseBytes = 20;
    exchange.attempts = 3;
    exchange.upstreamStartedMs = 101;
    exchange.responseHeadMs = 101.5;
    lane.requestStarted(1);
    lane.recordExchange(exchange);

    const listener = rows(registry, "listener").get("d/g/web")!;
    assert.deepEqual(listener.slice(0, 9), [0, 1, 0, 0, 0, 10, 20, 1, 1]);
    const route = rows(registry, "route").get("d/r/0")!;
    assert.deepEqual(route.slice(0, ROUTE.grpc), [0, 1, 0, 0, 0, 10, 20, 2, 0]);
    const routeBuckets = route.slice(ROUTE.histogram);
    assert.equal(routeBuckets[BUCKETS_MS.indexOf(10)], 1);
    assert.equal(routeBuckets[HISTOGRAM_CELLS - 1], 7);
    const cluster = rows(registry, "cluster").get("service/d/s/80")!;
    assert.deepEqual(cluster.slice(0, 8), [0, 1, 0, 0, 0, 10, 20, 2]);
    assert.equal(cluster[CLUSTER.histogram], 1, "0.5 ms lies in the bucket up to 0.5");
    assert.equal(rows(registry, "endpoint").get("service/d/s/80|10.0.0.1:80")![1], 1);
  });

  it("counts under none what has no index, and what lies in a segment that is not here", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    lane.recordExchange(ended(-1, 404));
    lane.recordExchange(ended(70_000, 404));
    assert.deepEqual([...rows(registry, "route").keys()], ["none"]);
    assert.equal(rows(registry, "route").get("none")![3], 2);
  });

  it("counts a fault by code and as a refusal, and its status when nothing was sent", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    const exchange = ended(-1, 0);
    exchange.fault = makeFault("HDL_OVERLOADED", "the event loop lags by 300 ms, limit 200");
    lane.recordExchange(exchange);
    lane.requestRefused(-1, "HDL_REQUEST_HEAD_TOO_LARGE");
    lane.refused("connection-limit");
    const totals = registry.workerTotals();
    assert.equal(totals[WORKER.faults + FAULT_CODES.indexOf("HDL_OVERLOADED")], 1);
    assert.equal(totals[WORKER.refusals + REFUSALS.indexOf("HDL_OVERLOADED")], 1);
    assert.equal(totals[WORKER.refusals + REFUSALS.indexOf("HDL_REQUEST_HEAD_TOO_LARGE")], 1);
    assert.equal(totals[WORKER.refusals + REFUSALS.indexOf("connection-limit")], 1);
    const route = rows(registry, "route").get("none")!;
    assert.deepEqual([route[3], route[4], route[ROUTE.faults]], [1, 1, 2]);
  });

  it("sums the lanes of all workers", () => {
    const registry = new MetricsRegistry();
    const route = registry.allocate("route:d/r/0");
    const lanes = [0, 1, 2].map((worker) => new WorkerLane(registry.openLane(worker, 1)));
    for (const lane of lanes) lane.recordExchange(ended(route, 200));
    assert.equal(rows(registry, "route").get("d/r/0")![1], 3);
  });

  it("hands a worker the segments that it lacks, once each", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    let last = 0;
    for (let i = 0; i < 600; i++) last = registry.allocate(`route:d/r${i}/0`);
    const segments = registry.takeSegments(0);
    assert.deepEqual(
      segments.map(({ group, position }) => [group, position]),
      [
        ["route", 1],
        ["route", 2],
      ],
    );
    assert.deepEqual(registry.takeSegments(0), []);
    lane.addSegments(segments);
    lane.recordExchange(ended(last, 200));
    assert.equal(rows(registry, "route").get("d/r599/0")![1], 1);
    const late = new WorkerLane(registry.openLane(1, 1));
    late.recordExchange(ended(last, 200));
    assert.equal(rows(registry, "route").get("d/r599/0")![1], 2);
  });

  it("keeps a dead worker's counts, and closes what it held open", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    const route = registry.allocate("route:d/r/0");
    const listener = registry.allocate("listener:[::]/8080");
    lane.recordExchange(ended(route, 200));
    lane.connectionOpened(listener);
    lane.requestStarted(listener);
    lane.setSnapshotVersion(7);
    registry.foldLane(0);
    assert.equal(rows(registry, "route").get("d/r/0")![1], 1);
    const cells = rows(registry, "listener").get("[::]/8080")!;
    assert.equal(cells[LISTENER.connectionsOpened], 1);
    assert.equal(cells[LISTENER.connectionsClosed], 1);
    assert.equal(cells[LISTENER.started], cells[LISTENER.ended]);
    assert.equal(registry.workerTotals()[WORKER.snapshotVersion], 0);
    assert.deepEqual(registry.workers, []);
    new WorkerLane(registry.openLane(0, 2)).recordExchange(ended(route, 200));
    assert.equal(rows(registry, "route").get("d/r/0")![1], 2);
  });

  it("starts a reused index from zero", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    lane.recordExchange(ended(registry.allocate("route:d/old/0"), 200));
    registry.release("route:d/old/0", 2);
    assert.equal(rows(registry, "route").get("d/old/0")![1], 1, "shown while a worker may count");
    registry.confirm(0, 2);
    const reused = registry.allocate("route:d/new/0");
    assert.equal(reused, 1);
    assert.deepEqual([...rows(registry, "route").keys()], []);
    lane.recordExchange(ended(reused, 200));
    assert.equal(rows(registry, "route").get("d/new/0")![1], 1);
  });

  it("sums what lies beyond the bound as other, which does not fall when one of them goes", () => {
    const registry = new MetricsRegistry(2);
    const lane = new WorkerLane(registry.openLane(0, 1));
    for (let i = 1; i <= 4; i++) lane.recordExchange(ended(registry.allocate(`route:d/r${i}/0`), 200));
    assert.deepEqual([...rows(registry, "route").keys()], ["d/r1/0", "d/r2/0", "other"]);
    assert.equal(rows(registry, "route").get("other")![1], 2);
    registry.release("route:d/r4/0", 2);
    registry.confirm(0, 2);
    assert.equal(rows(registry, "route").get("other")![1], 2);
  });

  it("counts filters' events by name, whichever slots the workers gave them", () => {
    const registry = new MetricsRegistry();
    const first = new WorkerLane(registry.openLane(0, 1));
    const second = new WorkerLane(registry.openLane(1, 1));
    first.countEvent(first.eventCounter("cors", "preflight"));
    second.countEvent(second.eventCounter("mirror", "dropped"));
    second.countEvent(second.eventCounter("cors", "preflight"));
    registry.foldLane(0);
    assert.deepEqual([...registry.eventTotals()].sort(), [
      ["cors|preflight", 2],
      ["mirror|dropped", 1],
    ]);
  });

  it("counts events without room as other, and cuts long names", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    for (let i = 0; i < 300; i++) lane.countEvent(lane.eventCounter("f", `${i}-${"x".repeat(80)}`));
    const totals = registry.eventTotals();
    assert.equal(totals.get("other|other"), 45);
    assert.equal(totals.size, 256);
    for (const name of totals.keys()) assert.ok(name.length <= 63);
  });

  it("counts attempts and connections of a cluster and its endpoint", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    const cluster = registry.allocate("cluster:s");
    const endpoint = registry.allocate("endpoint:s|10.0.0.1:80");
    lane.upstreamOpened(cluster, endpoint);
    lane.attemptStarted(cluster, endpoint);
    lane.attemptEnded(cluster, endpoint, true);
    lane.upstreamReused(cluster);
    lane.upstreamConnectFailed(cluster, endpoint);
    lane.endpointEjected(cluster, endpoint);
    lane.endpointHealth(endpoint, false);
    lane.endpointHealth(endpoint, true);
    lane.healthChecked(endpoint, false);
    lane.ejectionEnded(endpoint);
    lane.upstreamClosed(cluster, endpoint);
    lane.concurrencyLimit(cluster, 8);
    lane.concurrencyLimit(cluster, -3);
    assert.deepEqual(
      rows(registry, "cluster").get("s")!.slice(5, CLUSTER.hedges),
      [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 8, 3],
    );
    assert.deepEqual(
      rows(registry, "endpoint").get("s|10.0.0.1:80")!.slice(ENDPOINT.attemptsStarted),
      [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    );
  });

  it("counts gRPC calls of a rule by their status", () => {
    const registry = new MetricsRegistry();
    const lane = new WorkerLane(registry.openLane(0, 1));
    const route = registry.allocate("route:d/r/0");
    for (const status of [0, 0, 14, -1]) {
      const exchange = ended(route, 200);
      exchange.grpcStatus = status;
      lane.recordExchange(exchange);
    }
    const cells = rows(registry, "route").get("d/r/0")!;
    const counts = GRPC_CODES.flatMap((code, at) =>
      cells[ROUTE.grpc + at] === 0 ? [] : [[code, cells[ROUTE.grpc + at]]],
    );
    assert.deepEqual(counts, [
      ["OK", 2],
      ["UNAVAILABLE", 1],
    ]);
  });

  it("refuses a key of no group and a second lane of one worker", () => {
    const registry = new MetricsRegistry();
    registry.openLane(0, 1);
    assert.throws(() => registry.allocate("secret:d/s"), RangeError);
    assert.throws(() => registry.openLane(0, 1), /worker 0 has a lane/);
  });

  it("lists indexes under the keys that a Snapshot carries", () => {
    const registry = new MetricsRegistry();
    for (const key of ["route:d/r/0", "listener:d/g/web", "endpoint:s|a:1"]) registry.allocate(key);
    assert.deepEqual(registry.indexes(), [
      ["listener:d/g/web", 1],
      ["route:d/r/0", 1],
      ["endpoint:s|a:1", 1],
    ]);
  });

  it("reads what a worker thread writes", async () => {
    const registry = new MetricsRegistry();
    const route = registry.allocate("route:d/r/0");
    const source = `
      import { parentPort, workerData } from "node:worker_threads";
      const { WorkerLane, ROUTE } = await import(workerData.observe);
      const lane = new WorkerLane(workerData.memory);
      parentPort.on("message", ({ segments, index }) => {
        lane.addSegments(segments);
        for (let i = 0; i < 1000; i++) lane.group("route").add(index, ROUTE.retries, 1);
        lane.countEvent(lane.eventCounter("thread", "seen"));
        parentPort.postMessage("done");
      });`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { observe: new URL("./index.ts", import.meta.url).href, memory: registry.openLane(3, 1) },
    });
    for (let i = 0; i < 300; i++) registry.allocate(`route:d/more${i}/0`);
    for (const index of [route, 300]) {
      worker.postMessage({ segments: registry.takeSegments(3), index });
      await once(worker, "message");
    }
    await worker.terminate();
    assert.equal(rows(registry, "route").get("d/r/0")![ROUTE.retries], 1_000);
    assert.equal(rows(registry, "route").get("d/more298/0")![ROUTE.retries], 1_000);
    assert.equal(registry.eventTotals().get("thread|seen"), 2);
    registry.foldLane(3);
    assert.equal(rows(registry, "route").get("d/r/0")![ROUTE.retries], 1_000);
  });
});
