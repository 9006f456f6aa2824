// Nanoseconds per exchange of what lies between the codecs: `node bench/micro/flow.ts`. `Proxy.open` against a
// scripted sink and a cluster whose connections answer at once: the forwarded headers, the flow, picking, outcomes.
// No socket, no codec, no router. The median of the rounds; the least beside it says how noisy the machine was.
import { seededRandom, systemClock, TimerWheel } from "@heddle/engine/base";
import type { Fault } from "@heddle/engine/base";
import { WeightedChoice } from "@heddle/engine/balance";
import { Cluster, UNCOUNTED } from "@heddle/engine/cluster";
import { buildChain } from "@heddle/engine/filter";
import type { Filter } from "@heddle/engine/filter";
import { Fields, IN_PROCESS_PEER, RequestHead, ResponseHead } from "@heddle/engine/message";
import type { ResponseSink, UpstreamEvents, UpstreamStream } from "@heddle/engine/message";
import { DEFAULT_CLUSTER_SETTINGS, DEFAULT_LISTENER_SETTINGS } from "@heddle/engine/model";
import { ForwardedHeaders, Proxy } from "@heddle/engine/proxy";
import type { Rule, Site } from "@heddle/engine/proxy";
import { median } from "../rig/index.ts";

const BATCH = 10_000;
const ROUNDS = 60;
const WARM_UP = 15;

class CountingSink implements ResponseSink {
  ends = 0;
  bytes = 0;
  writeInformational(): void {}
  writeHead(_head: ResponseHead, isLast: boolean): void {
    if (isLast) this.ends++;
  }
  writeBody(chunk: Uint8Array): void {
    this.bytes += chunk.length;
  }
  writeEnd(): void {
    this.ends++;
  }
  flush(): boolean {
    return true;
  }
  reset(fault: Fault): void {
    throw new Error(fault.code);
  }
  pauseRequestBody(): void {}
  resumeRequestBody(): void {}
}

/** One connection for all, as a pool with one client would have: it keeps the events of the exchange in flight. */
class Stream implements UpstreamStream {
  readonly mayBeUnsent = false;
  events: UpstreamEvents | null = null;
  bytes = 0;
  writeBody(chunk: Uint8Array): void {
    this.bytes += chunk.length;
  }
  writeEnd(): void {}
  flush(): boolean {
    return true;
  }
  reset(): void {}
  pauseResponseBody(): void {}
  resumeResponseBody(): void {}
}

class StreamCluster extends Cluster {
  readonly stream = new Stream();
  override open(
    _endpoint: unknown,
    _head: unknown,
    _isLast: boolean,
    _isFresh: boolean,
    _peer: unknown,
    events: UpstreamEvents,
  ) {
    this.stream.events = events;
    return this.stream;
  }
}

const nothing = (): void => {};
const wheel = new TimerWheel(systemClock);
const random = seededRandom(1);

function makeCluster(): StreamCluster {
  const cluster = new StreamCluster(
    {
      kind: "cluster",
      name: "c",
      protocol: "http1",
      endpoints: "c",
      balancing: { algorithm: "peak-ewma" },
      tls: null,
      settings: DEFAULT_CLUSTER_SETTINGS,
    },
    null,
    0,
    { clock: systemClock, wheel, random, observer: UNCOUNTED, indexOf: () => -1 },
  );
  const endpoints = [1, 2].map((port) => ({ address: "10.0.0.1", port, weight: 1, zone: "" }));
  cluster.setEndpoints({ kind: "endpoints", name: "c", endpoints });
  return cluster;
}

function makeSite(cluster: Cluster, filters: readonly Filter[]): Site {
  const info = { listener: "l", listenerIndex: 0, route: "default/r", rule: "0", routeIndex: 0 };
  const backend = { cluster, chain: buildChain([]), status: 500, limits: null };
  const rule: Rule = {
    info,
    chain: buildChain(filters),
    backends: new WeightedChoice([{ item: backend, weight: 1 }]),
    backendList: [backend],
    requestTimeoutMs: 0,
    backendRequestTimeoutMs: 0,
    retry: null,
    sessionPersistence: null,
    translatesGrpcWeb: false,
    isWatched: false,
    hedge: null,
    priority: 2,
  };
  const found = { value: rule, matchedPath: "/" };
  const router = { find: () => found, findServer: () => null } as unknown as Site["router"];
  const forwarded = new ForwardedHeaders(DEFAULT_LISTENER_SETTINGS.forwarded);
  return { router, info, forwarded, priorityHeader: null, unrouted: null };
}

const responseBody = new Uint8Array(110);
const requestChunk = new Uint8Array(5_000);

/** `requestChunks` of 5 kB each, one read per chunk. */
function measure(name: string, method: string, requestChunks: number, filters: readonly Filter[]): void {
  const cluster = makeCluster();
  const site = makeSite(cluster, filters);
  const observer = { exchangeStarted: nothing, exchangeEnded: nothing, retried: nothing };
  const proxy = new Proxy({ clock: systemClock, random, wheel, observer, shedder: null }, null);
  const sink = new CountingSink();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const heads: RequestHead[] = [];
    const answers: ResponseHead[] = [];
    for (let i = 0; i < BATCH; i++) {
      const head = new RequestHead(method, "http", "shop.example", `/a/${i}`, "", new Fields());
      head.bodyLength = requestChunks * requestChunk.length;
      heads.push(head);
      answers.push(new ResponseHead(200, new Fields(), responseBody.length));
    }
    systemClock.hold();
    const startedMs = performance.now();
    for (let i = 0; i < BATCH; i++) {
      const client = proxy.open(heads[i], requestChunks === 0, IN_PROCESS_PEER, sink, site);
      for (let chunk = 0; chunk < requestChunks; chunk++) {
        client.onRequestBody(requestChunk);
        if (chunk === requestChunks - 1) client.onRequestEnd(null);
        client.onRequestReadDone();
      }
      const events = cluster.stream.events!;
      events.onResponseHead(answers[i], false);
      events.onResponseBody(responseBody);
      events.onResponseEnd(null);
      events.onResponseReadDone();
    }
    rounds.push(((performance.now() - startedMs) * 1e6) / BATCH);
    systemClock.release();
  }
  const expected = BATCH * ROUNDS;
  if (sink.ends !== expected) throw new Error(`${sink.ends} of ${expected} exchanges ended`);
  if (cluster.stream.bytes !== expected * requestChunks * requestChunk.length)
    throw new Error("a body was lost");
  const measured = rounds.slice(WARM_UP);
  const [middle, least] = [median(measured), Math.min(...measured)];
  console.log(
    `${name.padEnd(34)}${middle.toFixed(0).padStart(6)} ns${least.toFixed(0).padStart(8)} ns least`,
  );
}

const headers: Filter = {
  name: "headers",
  requestHead: ({ request }) => request.fields.set("x-request", "1"),
  responseHead: (_exchange, head) => head.fields.set("x-response", "1"),
};

measure("GET, 110 octets back", "GET", 0, []);
measure("GET with a header filter", "GET", 0, [headers]);
measure("POST of 10 kB in two reads", "POST", 2, []);
measure("PUT of 10 kB, kept for a retry", "PUT", 2, []);
