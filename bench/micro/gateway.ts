// Microseconds of user time per request of the whole request path but the sockets: `node bench/micro/gateway.ts`.
// Codecs, router, flow, pool, counters, trace context and the combined access log are real; a socket's handle is one
// that makes bytes of the text it is given, as the system's does. A batch is one request and its answer on each of
// the connections, so that as many exchanges are in flight as in `npm run bench`. The least says most: what is more
// is the machine's noise.
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { WeightedChoice } from "@heddle/engine/balance";
import { seededRandom, systemClock, TimerWheel } from "@heddle/engine/base";
import { Cluster, Http1Upstream } from "@heddle/engine/cluster";
import { EMPTY_CHAIN } from "@heddle/engine/filter";
import { Http1Downstream } from "@heddle/engine/listener";
import { PeerMemo } from "@heddle/engine/message";
import type { Exchange, Peer, RequestHead, ResponseSink } from "@heddle/engine/message";
import { DEFAULT_CLUSTER_SETTINGS, DEFAULT_LISTENER_SETTINGS } from "@heddle/engine/model";
import type { ListenerUnit, RouteUnit } from "@heddle/engine/model";
import { Connection } from "@heddle/engine/net";
import {
  AccessRecord,
  formatCommon,
  LineBuffer,
  MetricsRegistry,
  traceExchange,
  TraceIds,
  WorkerLane,
} from "@heddle/engine/observe";
import { ForwardedHeaders, Proxy } from "@heddle/engine/proxy";
import type { Rule, Site } from "@heddle/engine/proxy";
import { compileRouter } from "@heddle/engine/route";
import { smallJson } from "../rig/upstream.ts";
import { median } from "../rig/index.ts";

const CONNECTIONS = Number(process.argv[2] ?? 64);
const ROUNDS = 400;
const WARM_UP = 150;
const BATCHES = Math.ceil(2_000 / CONNECTIONS);

const request = Buffer.from("GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n");
const answer = Buffer.from(
  "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 05:52:53 GMT\r\n" +
    `Content-Type: application/json\r\nContent-Length: ${smallJson.length}\r\nConnection: keep-alive\r\n\r\n${smallJson}`,
);
const readBuffer = Buffer.alloc(65_536);
const scratch = Buffer.alloc(65_536);
let writes = 0;
let written = 0;

/** Stands for a socket whose kernel takes everything at once. */
function makeSocket(): Socket {
  const handle = {
    writeLatin1String(_request: null, text: string): number {
      writes++;
      written += scratch.write(text, 0, "latin1");
      return 0;
    },
    writev: () => 0,
    writeBuffer: () => 0,
  };
  return { _handle: handle, on() {}, pause() {}, resume() {} } as unknown as Socket;
}

function openConnection(events: ConstructorParameters<typeof Connection>[0]): Connection {
  const connection = new Connection(events, 32_768);
  connection.attach(makeSocket(), false);
  return connection;
}

/** Connections of its own, in the order in which they are needed. */
const upstreams: Http1Upstream[] = [];
class SocketlessCluster extends Cluster {
  override open(...[{ pool }, head, isLast, , , events]: Parameters<Cluster["open"]>) {
    let upstream = pool.takeIdle(head.method) as Http1Upstream | null;
    if (upstream === null) {
      pool.onOpening();
      upstream = new Http1Upstream(pool, this.epoch);
      upstream.connection = openConnection(upstream);
      upstream.connection.opened();
    }
    upstream.start(head, isLast, events);
    upstreams.push(upstream);
    return upstream;
  }
}

const registry = new MetricsRegistry();
const index = (key: string): number => registry.allocate(key);
const listenerIndex = index("listener:l");
const routeIndex = index("route:default/r/0");
const clusterIndex = index("cluster:c");
const lane = new WorkerLane(registry.openLane(1, 1));
const wheel = new TimerWheel(systemClock);
const random = seededRandom(1);
const cluster = new SocketlessCluster(
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
  clusterIndex,
  { clock: systemClock, wheel, random, observer: lane, indexOf: () => -1 },
);
cluster.setEndpoints({
  kind: "endpoints",
  name: "c",
  endpoints: [{ address: "127.0.0.1", port: 80, weight: 1, zone: "" }],
});

const info = { listener: "l", listenerIndex, route: "default/r", rule: "0", routeIndex };
const backend = { cluster, chain: EMPTY_CHAIN, status: 500, limits: null };
const rule: Rule = {
  info,
  chain: EMPTY_CHAIN,
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
const listenerUnit: ListenerUnit = {
  kind: "listener",
  name: "l",
  address: "127.0.0.1",
  port: 80,
  protocol: "HTTP",
  servers: [{ id: "default/g/l", hostname: "", tls: null }],
  settings: DEFAULT_LISTENER_SETTINGS,
};
const routeUnit: RouteUnit = {
  kind: "route",
  name: "default/r",
  attachments: [{ server: "default/g/l", hostnames: [""] }],
  rules: [
    {
      name: "0",
      matches: [{ path: { type: "PathPrefix", value: "/" }, method: "", headers: [], queryParams: [] }],
      filters: [],
      backends: [],
      requestTimeoutMs: 0,
      backendRequestTimeoutMs: 0,
      retry: null,
      sessionPersistence: null,
    },
  ],
  createdMs: 0,
};
const compiling = compileRouter<Rule>(listenerUnit, [routeUnit], () => rule);
let step = compiling.next();
while (step.done !== true) step = compiling.next();
const site: Site = {
  router: step.value,
  forwarded: new ForwardedHeaders(DEFAULT_LISTENER_SETTINGS.forwarded),
  priorityHeader: null,
  unrouted: null,
  info: { listener: "l", listenerIndex, route: "", rule: "", routeIndex: -1 },
};

const log = new LineBuffer({ write: () => true });
const observer = {
  exchangeStarted(exchange: Exchange) {
    lane.requestStarted(exchange.match.listenerIndex);
  },
  exchangeEnded(exchange: Exchange) {
    lane.recordExchange(exchange);
    log.add(formatCommon(new AccessRecord(exchange, systemClock.wallMs()), "none"));
  },
  retried() {},
};
const ids = new TraceIds(Uint32Array.of(1, 2, 3, 4));
const shedder = { isOn: false, admits: () => true, hold() {} };
const proxy = new Proxy(
  { clock: systemClock, random, wheel, observer, shedder },
  { trace: (exchange) => traceExchange(exchange, ids) },
);
const owner = {
  clock: systemClock,
  random,
  wheel,
  settings: DEFAULT_LISTENER_SETTINGS,
  handler: {
    servers: [],
    serverOf: () => "",
    open: (head: RequestHead, isLast: boolean, peer: Peer, sink: ResponseSink) =>
      proxy.open(head, isLast, peer, sink, site),
  },
  isDraining: false,
  handsOver: false,
  onRefused() {},
  onBroken() {},
  onDownstreamClosed() {},
};

function openClient(port: number): Connection {
  const peer: Peer = {
    address: "127.0.0.1",
    port,
    localAddress: "127.0.0.1",
    localPort: 80,
    tls: null,
    memo: new PeerMemo(),
  };
  let downstream: Http1Downstream | null = null;
  const connection: Connection = openConnection({
    onBytes: (bytes, length) => downstream!.onBytes(bytes, length),
    onEnd() {},
    onDrain() {},
    onClosed() {},
  });
  downstream = new Http1Downstream(connection, peer, owner);
  connection.opened();
  return connection;
}

const clients = Array.from({ length: CONNECTIONS }, (_, i) => openClient(40_000 + i));
const rounds: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const before = performance.now();
  for (let batch = 0; batch < BATCHES; batch++) {
    for (const client of clients) {
      readBuffer.set(request);
      client.received(request.length, readBuffer);
    }
    await turn();
    const waiting = upstreams.splice(0);
    for (const upstream of waiting) {
      readBuffer.set(answer);
      upstream.connection.received(answer.length, readBuffer);
    }
    await turn();
  }
  rounds.push(((performance.now() - before) * 1_000) / (BATCHES * CONNECTIONS));
}
if (writes !== 2 * ROUNDS * BATCHES * CONNECTIONS) throw new Error(`${writes} writes`);
const measured = rounds.slice(WARM_UP);
const least = Math.min(...measured);
console.log(
  `${CONNECTIONS} connections: ${median(measured).toFixed(2)} µs, ${least.toFixed(2)} µs least, ${written / writes} bytes a write`,
);
process.exit(0);
