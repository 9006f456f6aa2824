import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  connectHttp2,
  connectRawHttp2,
  END_HEADERS,
  END_STREAM,
  FRAME_TYPE,
  getFields,
  Http2Client,
  makeBlock,
  makeFrame,
  type RawHttp2,
  setting,
  startHeddle,
  word,
  type RunningHeddle,
} from "@heddle/testkit";
import { plainSite } from "./setup/resources.ts";
import { cpuMs, metric, residentBytes } from "./setup/process-cost.ts";
import { openUpstream, type Upstream } from "./setup/upstream.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION } = FRAME_TYPE;
const PROTOCOL_ERROR = 1;
const FLOW_CONTROL_ERROR = 3;
const COMPRESSION_ERROR = 9;
const ENHANCE_YOUR_CALM = 11;
const MEGABYTE = 1_048_576;
/** Generous, as the machine may be busy; a flood that is not bounded takes seconds. */
const FLOOR_MS = 500;
const FACTOR = 10;

let upstream: Upstream;
let heddle: RunningHeddle;
let good: Http2Client;
let calmP99: number;

before(async () => {
  upstream = await openUpstream((request) =>
    request.target === "/large"
      ? `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${"x".repeat(200_000)}`
      : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  );
  heddle = await startHeddle({
    files: ({ http }) => ({ "site.yaml": plainSite(http, upstream.port) }),
    args: ["--workers", "1"],
  });
  good = await connectHttp2(heddle.ports.http);
  await p99();
  calmP99 = await p99();
});

after(async () => {
  await good.close();
  await heddle[Symbol.asyncDispose]();
  await upstream.close();
});

/** Milliseconds within which 99 of 100 requests of an honest client are answered. */
async function p99(): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 200; n++) {
    const from = performance.now();
    const { status } = await good.request({ ":path": "/good" });
    assert.equal(status, 200);
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[197]!;
}

function refusals(kind: string): Promise<number> {
  return metric(heddle.api, "heddle_refusals_total", `kind="${kind}"`);
}

interface Flood {
  readonly name: string;
  readonly code: number;
  readonly kind: "http2-flood" | "http2-protocol-error";
  send(client: RawHttp2): void;
}

/** The same frame, or frames, over and over: written at once, so that nothing slows the flood down. */
const times = (count: number, frame: (n: number) => Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => frame(n)));

const request = (stream: number, path = "/flood"): Buffer =>
  makeFrame(HEADERS, END_HEADERS | END_STREAM, stream, makeBlock(getFields(path)));

const post = (stream: number): Buffer =>
  makeFrame(HEADERS, END_HEADERS, stream, makeBlock([[":method", "POST"], ...getFields("/flood").slice(1)]));

const floods: Flood[] = [
  {
    name: "rapid reset (1): 10,000 requests that are reset at once",
    code: ENHANCE_YOUR_CALM,
    kind: "http2-flood",
    send: (client) =>
      client.send(
        times(10_000, (n) =>
          Buffer.concat([request(2 * n + 1), makeFrame(RST_STREAM, 0, 2 * n + 1, word(8))]),
        ),
      ),
  },
  {
    name: "MadeYouReset (2): 3,000 window updates of 0, which reset their streams",
    code: ENHANCE_YOUR_CALM,
    kind: "http2-flood",
    send: (client) =>
      client.send(
        times(3_000, (n) =>
          Buffer.concat([request(2 * n + 1), makeFrame(WINDOW_UPDATE, 0, 2 * n + 1, word(0))]),
        ),
      ),
  },
  {
    name: "MadeYouReset (2): 3,000 windows that overflow",
    code: ENHANCE_YOUR_CALM,
    kind: "http2-flood",
    send: (client) =>
      client.send(
        times(3_000, (n) =>
          Buffer.concat([post(2 * n + 1), makeFrame(WINDOW_UPDATE, 0, 2 * n + 1, word(0x7fffffff))]),
        ),
      ),
  },
  {
    name: "MadeYouReset (2): 3,000 times DATA behind the end of a stream",
    code: ENHANCE_YOUR_CALM,
    kind: "http2-flood",
    send: (client) =>
      client.send(
        times(3_000, (n) =>
          Buffer.concat([request(2 * n + 1, "/large"), makeFrame(DATA, 0, 2 * n + 1, "x")]),
        ),
      ),
  },
  {
    name: "CONTINUATION (3): 2,000 empty frames",
    code: ENHANCE_YOUR_CALM,
    kind: "http2-flood",
    send: (client) =>
      client.send(
        makeFrame(HEADERS, END_STREAM, 1),
        times(2_000, () => makeFrame(CONTINUATION, 0, 1)),
      ),
  },
  {
    name: "CONTINUATION (3): 2,000 frames of 16 kB",
    code: ENHANCE_YOUR_CALM,
    kind: "http2-flood",
    send: (client) =>
      client.send(
        makeFrame(HEADERS, END_STREAM, 1),
        times(500, () => makeFrame(CONTINUATION, 0, 1, Buffer.alloc(16_384))),
      ),
  },
  ...(
    [
      ["PING", () => makeFrame(PING, 0, 0, "12345678")],
      ["SETTINGS", () => makeFrame(SETTINGS, 0, 0)],
      ["SETTINGS with a table size", (n) => makeFrame(SETTINGS, 0, 0, setting(1, n % 4_096))],
      ["PRIORITY", () => makeFrame(PRIORITY, 0, 1, Buffer.from([0, 0, 0, 0, 16]))],
      ["WINDOW_UPDATE", () => makeFrame(WINDOW_UPDATE, 0, 0, word(1))],
    ] as [string, (n: number) => Uint8Array][]
  ).map(([type, frame]): Flood => ({
    name: `control frames (5): 20,000 ${type}`,
    code: ENHANCE_YOUR_CALM,
    kind: "http2-flood",
    send: (client) => client.send(times(20_000, frame)),
  })),
  {
    name: "control frames (5): 20,000 empty DATA",
    code: ENHANCE_YOUR_CALM,
    kind: "http2-flood",
    send: (client) =>
      client.send(
        post(1),
        times(20_000, () => makeFrame(DATA, 0, 1)),
      ),
  },
  {
    name: "a connection's window that overflows",
    code: FLOW_CONTROL_ERROR,
    kind: "http2-protocol-error",
    send: (client) => client.send(times(2, () => makeFrame(WINDOW_UPDATE, 0, 0, word(0x7fffffff)))),
  },
  {
    name: "a block that refers to what no table has",
    code: COMPRESSION_ERROR,
    kind: "http2-protocol-error",
    send: (client) =>
      client.send(makeFrame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.from([0xff, 0x80, 0x01]))),
  },
  {
    name: "frames of a stream that was never begun",
    code: PROTOCOL_ERROR,
    kind: "http2-protocol-error",
    send: (client) => client.send(makeFrame(DATA, 0, 5, "x")),
  },
  {
    name: "HEADERS on a stream below one that was begun",
    code: PROTOCOL_ERROR,
    kind: "http2-protocol-error",
    send: (client) => client.send(request(3), request(1)),
  },
];

for (const flood of floods) {
  test(`${flood.name}: GOAWAY, counted; others keep their pace`, async () => {
    const requestsBefore = upstream.requests.length;
    const countBefore = await refusals(flood.kind);
    const cpuBefore = cpuMs(heddle.pid);
    await using client = await connectRawHttp2(heddle.ports.http);
    flood.send(client);
    assert.equal(await client.goAwayCode(), flood.code);
    const cost = cpuMs(heddle.pid) - cpuBefore;
    assert.ok(cost < 1_000, `${cost} ms of CPU`);
    const reached = upstream.requests.length - requestsBefore;
    assert.ok(reached < 300, `${reached} requests reached the endpoint`);
    const during = await p99();
    assert.ok(during < Math.max(FLOOR_MS, calmP99 * FACTOR), `p99 ${during} ms, ${calmP99} ms in calm`);
    assert.equal(await refusals(flood.kind), countBefore + 1);
  });
}

test("HPACK bomb (4): 8,000 references and 8,000 cookie crumbs are refused by their size, and nothing is kept", async () => {
  const value = "x".repeat(3_000);
  const literal = (name: string, text: string): Buffer => {
    const block = makeBlock([[name, text]]);
    // With incremental indexing: the table has it from now on.
    block[0] = 0x40;
    return block;
  };
  const references = Buffer.concat([
    makeBlock(getFields()),
    literal("a", value),
    Buffer.alloc(8_000, 0x80 | 62),
  ]);
  const crumbs = Buffer.concat([
    makeBlock(getFields()),
    literal("cookie", "a=1"),
    Buffer.alloc(8_000, 0x80 | 62),
  ]);
  const before = residentBytes(heddle.pid);
  const requestsBefore = upstream.requests.length;
  for (const block of [references, crumbs]) {
    for (let n = 0; n < 20; n++) {
      await using client = await connectRawHttp2(heddle.ports.http);
      client.send(makeFrame(HEADERS, END_HEADERS | END_STREAM, 1, block));
      const { payload } = await client.receiveOf(DATA, 1);
      assert.match(payload.toString(), /HDL_REQUEST_HEAD_TOO_LARGE/);
    }
  }
  assert.equal(upstream.requests.length, requestsBefore);
  const grown = residentBytes(heddle.pid) - before;
  assert.ok(grown < 50 * MEGABYTE, `${grown} bytes more`);
});

test("zero-window readers (4): 100 connections that ask for large responses and read nothing of them", async () => {
  const before = residentBytes(heddle.pid);
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => connectRawHttp2(heddle.ports.http, { settings: setting(4, 0) })),
  );
  try {
    for (const client of clients) client.send(request(1, "/large"), request(3, "/large"));
    for (const client of clients) {
      await client.receiveOf(HEADERS, -1, 30_000);
      await client.receiveOf(HEADERS, -1, 30_000);
    }
    await p99();
    // 200 responses of 200 kB each: 40 MB, of which at most a read's worth waits for each.
    const grown = residentBytes(heddle.pid) - before;
    assert.ok(grown < 50 * MEGABYTE, `${Math.round(grown / MEGABYTE)} MB more`);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  assert.ok((await p99()) < Math.max(FLOOR_MS, calmP99 * FACTOR));
});

test("the honest client's connection has outlived all of it", () => {
  assert.deepEqual(good.goaways, []);
  assert.equal(good.session.destroyed, false);
});
