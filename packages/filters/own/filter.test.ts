import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange, FilterPhases, OwnFilterContext } from "../define/index.ts";
import { defineFilter, Fields, RequestHead } from "../define/index.ts";
import { testFilter } from "../testing/index.ts";
import type { FilterTestOptions } from "../testing/index.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A filter that is only its phases, in front of an upstream with trailers. */
function withPhases(create: (context: OwnFilterContext) => unknown, options: FilterTestOptions = {}) {
  const definition = defineFilter({
    name: "tested",
    schema: { type: "object" },
    create: (_config, context) => create(context) as FilterPhases,
  });
  const upstream = () => ({ headers: { "x-secret": "s" }, body: "answer", trailers: { "x-sum": "1" } });
  return testFilter(definition, {}, { upstream, ...options });
}

const boom = (): never => {
  throw new Error("boom");
};

test("a throw in any phase fails its exchange, closed, and is counted; the next exchange is not its", async () => {
  const none = () => null;
  const phases: Record<string, FilterPhases> = {
    requestHead: { requestHead: boom },
    "requestHead, later": { requestHead: async () => boom() },
    "requestBody observe": { requestBody: { mode: "observe", chunk: boom } },
    "requestBody observe end": { requestBody: { mode: "observe", chunk() {}, end: boom } },
    "requestBody transform": { requestBody: { mode: "transform", chunk: boom, end: none } },
    "requestBody transform end": {
      requestBody: { mode: "transform", chunk: (_, bytes) => bytes, end: boom },
    },
    "requestBody buffer": { requestBody: { mode: "buffer", maxBytes: 100, whole: boom } },
    "requestBody buffer, later": {
      requestBody: { mode: "buffer", maxBytes: 100, whole: async () => boom() },
    },
    responseHead: { responseHead: boom },
    "responseHead, later": { responseHead: async () => boom() },
    "responseBody observe": { responseBody: { mode: "observe", chunk: boom } },
    "responseBody observe end": { responseBody: { mode: "observe", chunk() {}, end: boom } },
    "responseBody transform": { responseBody: { mode: "transform", chunk: boom, end: none } },
    "responseBody transform end": {
      responseBody: { mode: "transform", chunk: (_, bytes) => bytes, end: boom },
    },
    "responseBody buffer": { responseBody: { mode: "buffer", maxBytes: 100, whole: boom } },
    "responseBody buffer, later": {
      responseBody: { mode: "buffer", maxBytes: 100, whole: async () => boom() },
    },
    responseTrailers: { responseTrailers: boom },
  };
  for (const [name, own] of Object.entries(phases)) {
    const filter = await withPhases(() => own);
    const response = await filter.fetch("/", { body: "request" });
    assert.equal(response.fault, "HDL_FILTER_FAILED", name);
    assert.equal((response.error as Error).message, "boom", name);
    assert.ok(response.isBroken || response.status === 500, name);
    if (!response.isBroken) assert.equal(response.headers["x-secret"], undefined, name);
    assert.deepEqual(filter.counters, { failed: 1 }, name);
    // What it is told to main has the error's words, and no stack.
    assert.match(filter.notes[0]![1], /"message":"Error: boom"/, name);
    assert.equal((await filter.fetch("/", { body: "request" })).fault, "HDL_FILTER_FAILED", name);
  }
});

test("a throw in the last phase fails nothing that is done, and is counted", async () => {
  const filter = await withPhases(() => ({ end: boom }));
  const response = await filter.fetch("/");
  assert.equal(response.text(), "answer");
  assert.deepEqual(filter.counters, { failed: 1 });
});

test("what a phase gives that it may not give is a failure of its, not the engine's", async () => {
  const chunk = (_: Exchange, bytes: Uint8Array) => bytes;
  const phases: Record<string, unknown> = {
    "no reply": { requestHead: () => "401" },
    null: { requestHead: () => null },
    "a status that none is": { requestHead: () => ({ status: 99, headers: [], body: "" }) },
    "a reply without headers": { requestHead: () => ({ status: 200, body: "" }) },
    "a reply without a body": { responseHead: () => ({ status: 200, headers: [] }) },
    "a header that splits": { requestHead: () => ({ status: 200, headers: [["x", "a\r\nb: c"]], body: "" }) },
    "a text for a chunk": { requestBody: { mode: "transform", chunk: () => "text", end: () => null } },
    "nothing for a chunk": { responseBody: { mode: "transform", chunk() {}, end: () => null } },
    "a promise of a chunk": { responseBody: { mode: "transform", chunk: async () => null, end: () => null } },
    "a promise of an end": { responseBody: { mode: "transform", chunk, end: async () => boom() } },
    "a text for a whole": { requestBody: { mode: "buffer", maxBytes: 99, whole: async () => "text" } },
    "an observer that waits": { requestBody: { mode: "observe", chunk: async () => boom() } },
    "trailers that wait": { responseTrailers: async () => boom() },
  };
  for (const [name, own] of Object.entries(phases)) {
    const filter = await withPhases(() => own);
    const response = await filter.fetch("/", { body: "request" });
    assert.equal(response.fault, "HDL_FILTER_FAILED", name);
    assert.ok(response.isBroken || response.status === 500, name);
  }
  await settled();
});

test("a head that no octets can be made of is a failure of the filter that left it", async () => {
  const heads: Record<string, (exchange: Exchange) => void> = {
    method: ({ request }) => (request.method = "GET / HTTP/1.1\r\nx:"),
    path: ({ request }) => (request.path = "/a b"),
    "path with a CRLF": ({ request }) => (request.path = "/a\r\nx: y"),
    "path with a query": ({ request }) => (request.path = "/a?b"),
    "no path": ({ request }) => (request.path = ""),
    query: ({ request }) => (request.query = "a=b"),
    authority: ({ request }) => (request.authority = "a\r\nx: y"),
    "authority with a path": ({ request }) => (request.authority = "a/b"),
    "no text": ({ request }) => ((request as { path: unknown }).path = 7),
  };
  for (const [name, change] of Object.entries(heads)) {
    for (const requestHead of [change, async (exchange: Exchange) => change(exchange)]) {
      const filter = await withPhases(() => ({
        requestHead: (exchange: Exchange) => void requestHead(exchange),
      }));
      const response = await filter.fetch("/");
      assert.equal(response.status, 500, name);
      assert.equal(filter.upstream.requests.length, 0, name);
    }
  }
  for (const status of [99, 600, 101, 200.5, Number.NaN]) {
    const filter = await withPhases(() => ({
      responseHead: (_: Exchange, head: { status: number }) => void (head.status = status),
    }));
    assert.equal((await filter.fetch("/")).status, 500, `${status}`);
  }
});

test("a client that goes away ends each wait, and nothing comes after it (threats 37)", async () => {
  const waits: Record<string, (wait: (exchange: Exchange) => Promise<void>) => FilterPhases> = {
    requestHead: (wait) => ({ requestHead: wait }),
    requestBody: (wait) => ({ requestBody: { mode: "buffer", maxBytes: 99, whole: wait } }),
    responseHead: (wait) => ({ responseHead: wait }),
    responseBody: (wait) => ({ responseBody: { mode: "buffer", maxBytes: 99, whole: wait } }),
  };
  for (const [name, make] of Object.entries(waits)) {
    for (const outcome of ["resolves", "rejects", "changes"] as const) {
      const entered = Promise.withResolvers<Exchange>();
      let ends = 0;
      const filter = await withPhases(() => ({
        ...make(async (exchange) => {
          entered.resolve(exchange);
          await new Promise<void>((resolve) => {
            exchange.abortSignal().addEventListener("abort", () => resolve());
          });
          if (outcome === "rejects") throw new Error("aborted");
          if (outcome === "changes") exchange.request.path = "/a b";
        }),
        end: () => void ends++,
      }));
      const client = new AbortController();
      const response = filter.fetch("/", { body: "request", signal: client.signal });
      const exchange = await entered.promise;
      const seen = filter.upstream.requests.length;
      client.abort(new Error("gone"));
      await assert.rejects(response, /gone/, name);
      await settled();
      assert.ok(exchange.isEnded, name);
      assert.equal(ends, 1, name);
      assert.equal(filter.upstream.requests.length, seen, name);
      assert.equal(filter.clock.pendingTimers, 0, name);
    }
  }
});

test("a call to a backend ends with its exchange, in each of its waits", async () => {
  const filter = await withPhases(
    (context) => ({
      requestHead: async (exchange: Exchange) => {
        await context.fetch("slow", { path: "/", signal: exchange.abortSignal() });
      },
    }),
    { backends: { slow: () => new Promise<never>(() => {}) } },
  );
  const client = new AbortController();
  const response = filter.fetch("/", { signal: client.signal });
  await settled();
  client.abort(new Error("gone"));
  await assert.rejects(response, /gone/);
  await settled();
  assert.ok(filter.backends["slow"]!.requests[0]!.isAborted);
  // The last tick of the wheel.
  filter.clock.advance(61_000);
  assert.equal(filter.clock.pendingTimers, 0);
});

/** The test runner takes stray errors for its own, beside us. */
function silenceRunner(): () => void {
  const silenced = (["unhandledRejection", "uncaughtException"] as const).flatMap((event) =>
    process
      .listeners(event as "uncaughtException")
      .filter(({ name }) => name !== "settle")
      .map((listener) => ({ event, listener })),
  );
  for (const { event, listener } of silenced) process.off(event, listener);
  return () => silenced.forEach(({ event, listener }) => process.on(event as "uncaughtException", listener));
}

test("what a phase leaves behind fails nobody: it is counted, whatever it was", async (t) => {
  t.after(silenceRunner());
  const strays: Record<string, (context: OwnFilterContext) => unknown> = {
    "a promise that nobody waits for": () => void Promise.reject(new Error("boom")),
    "a timer": () => setTimeout(boom, 0),
    "a timer in a promise": async () => {
      await settled();
      setImmediate(boom);
    },
    "an event of a call": (context) => context.call("echo", exampleHead(), { onHead: boom, onEnd: boom }),
    "no error at all": () => void Promise.reject(undefined),
  };
  for (const [name, stray] of Object.entries(strays)) {
    for (const phase of ["requestHead", "end"] as const) {
      const filter = await withPhases((context) => ({ [phase]: () => void stray(context) }), {
        backends: { echo: () => ({ body: "x" }) },
      });
      assert.equal((await filter.fetch("/")).status, 200, name);
      await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(filter.counters["failed"]! >= 1, `${name} in ${phase}`);
    }
  }
});

function exampleHead() {
  return new RequestHead("GET", "http", "echo", "/", "", new Fields());
}

test("the clock's timers are watched, too", async () => {
  const filter = await withPhases((context) => ({
    requestHead: () => void context.clock.after(10, boom),
  }));
  await filter.fetch("/");
  filter.clock.advance(10);
  assert.deepEqual(filter.counters, { failed: 1 });
});

test("a phase that keeps its worker too long is counted and told, once in a while", async () => {
  const filter = await withPhases(
    () => ({
      requestHead() {
        const until = performance.now() + 5;
        while (performance.now() < until);
      },
    }),
    { budgetMs: 1 },
  );
  for (let i = 0; i < 3; i++) assert.equal((await filter.fetch("/")).status, 200);
  // A busy machine may make more of it.
  assert.ok(filter.counters["over-budget"]! >= 3);
  assert.equal(filter.notes.length, 1);
  const [topic, subject] = filter.notes[0]!;
  assert.equal(topic, "own-filter");
  const note = JSON.parse(subject) as { phase: string; tookMs: number; filter: string };
  assert.equal(note.phase, "requestHead");
  assert.equal(note.filter, "test/filter");
  assert.ok(note.tookMs >= 5);
});

test("waiting is not counted against the budget", async () => {
  const wait = async () => new Promise<void>((resolve) => setTimeout(resolve, 20));
  const filter = await withPhases(() => ({ requestHead: wait }), { budgetMs: 10 });
  await filter.fetch("/");
  assert.deepEqual(filter.counters, {});
});

test("what a filter asks its context for wrongly fails it with the mend", async () => {
  const asks: readonly (readonly [(context: OwnFilterContext) => unknown, RegExp])[] = [
    [(context) => context.fetch("nobody", { path: "/" }), /there is no backend nobody in spec.backends/],
    [(context) => context.fetch("toString", { path: "/" }), /there is no backend toString/],
    [(context) => context.fetch("echo", { path: "x" }), /path must begin with a slash/],
    [(context) => context.fetch("echo", { path: "/a b" }), /percent-encoded/],
    [(context) => context.fetch("echo", { path: "/", method: "GET\r\n" }), /method must be/],
    [(context) => context.fetch("echo", { path: "/", host: "a\r\nb" }), /host must be/],
    [
      (context) => context.fetch("echo", { path: "/", headers: { Host: "x" } }),
      /header host is set by Heddle/,
    ],
    [(context) => context.fetch("echo", { path: "/", headers: { x: "a\r\nb" } }), /control character/],
    [(context) => context.data("nothing"), /there is no entry nothing in spec.data/],
    [(context) => context.count("Not Good"), /an event's name must be/],
    [(context) => context.slot(), /slot\(\) is for create alone/],
  ];
  for (const [ask, message] of asks) {
    const filter = await withPhases((context) => ({ requestHead: async () => void (await ask(context)) }), {
      backends: { echo: () => ({}) },
    });
    const { status, error } = await filter.fetch("/");
    assert.equal(status, 500);
    assert.match(String(error), message);
  }
});

test("a filter's counters are few", async () => {
  const filter = await withPhases((context) => ({
    requestHead(exchange: Exchange) {
      context.count(`path-${exchange.request.path.slice(1)}`);
    },
  }));
  for (let i = 0; i < 16; i++) assert.equal((await filter.fetch(`/${i}`)).status, 200);
  assert.equal((await filter.fetch("/16")).fault, "HDL_FILTER_FAILED");
});

test("create that is none is refused", async () => {
  await assert.rejects(
    withPhases(() => null),
    /create must give an object/,
  );
  await assert.rejects(
    withPhases(() => ({ requestHead: 1 })),
    /phase requestHead must be a function/,
  );
  await assert.rejects(
    withPhases(() => ({ requestBody: { mode: "eat" } })),
    /requestBody.mode must be/,
  );
  await assert.rejects(
    withPhases(() => ({ requestBody: { mode: "buffer", whole() {} } })),
    /maxBytes must be/,
  );
  await assert.rejects(withPhases(boom), /boom/);
});
