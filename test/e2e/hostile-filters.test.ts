import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { becomesTrue, openEchoServer, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { gateway } from "./site.ts";

const WAIT_MS = 5_000;

/** What a filter does, as code of one phase, and what its exchange comes to: "500", "broken", "200", or any of these. */
interface Case {
  readonly phase: "requestHead" | "requestBody" | "responseHead" | "responseBody" | "end";
  readonly code: string;
  /** Default: 500. */
  readonly comesTo?: "200" | "any" | "broken";
  /** It is no failure that anybody could notice. Default: it is counted. */
  readonly isUncounted?: true;
}

const on = (phase: Case["phase"], code: string, rest: Partial<Case> = {}): Case => ({ phase, code, ...rest });
/** The length is found out anew behind a phase that has the whole body. */
const mended = { comesTo: "any", isUncounted: true } as const;
const strays = { comesTo: "200" } as const;

const hostile =
  "{ toString() { throw 1; }, get stack() { throw 2; }, get name() { throw 3; }, get then() { throw 4; } }";

const cases: Readonly<Record<string, Case>> = {
  // A request's head, at once and after its phase
  "field-with-line-break": on("requestHead", `request.fields.addTrusted("x", "a\\r\\nb: c")`),
  "field-by-set": on("requestHead", `request.fields.set("x", "a\\r\\nb: c")`),
  "field-of-a-number": on("requestHead", `request.fields.addTrusted("x", 7)`),
  "field-by-symbol": on("requestHead", `request.fields.set("x", Symbol("x"))`),
  "field-name": on("requestHead", `request.fields.addTrusted("a b", "c")`),
  "odd-list": on("requestHead", `request.fields.added.push("odd")`),
  spans: on("requestHead", `request.fields.spans.push(1, 2)`),
  "no-fields": on("requestHead", `request.fields = null`),
  "fields-are-text": on("requestHead", `request.fields = "a: b"`),
  "huge-field": on("requestHead", `request.fields.add("x", "y".repeat(1_000_000))`, {
    comesTo: "any",
    isUncounted: true,
  }),
  method: on("requestHead", `request.method = "GET / HTTP/1.1\\r\\nx: y"`),
  path: on("requestHead", `request.path = "/a b\\r\\nx: y"`),
  "no-path": on("requestHead", `request.path = ""`),
  "path-of-a-number": on("requestHead", `request.path = 7`),
  length: on("requestHead", `request.bodyLength = NaN`, mended),
  "length-of-text": on("requestHead", `request.bodyLength = "5"`, mended),
  upgrade: on("requestHead", `request.upgrade = "x\\r\\ny: z"`),
  version: on("requestHead", `request.version = {}`, { comesTo: "any", isUncounted: true }),
  "sent-authority": on("requestHead", `request.sentAuthority = "a\\r\\nb: c"`, {
    comesTo: "any",
    isUncounted: true,
  }),
  "path-in-a-body-phase": on("requestBody", `request.path = "/a b\\r\\nx: y"`),
  "method-in-a-body-phase": on("requestBody", `request.method = 7`),
  "authority-in-a-body-phase": on("requestBody", `request.authority = "a\\r\\nb: c"`),
  "fields-in-a-body-phase": on("requestBody", `request.fields.addTrusted("x", "a\\r\\nb: c")`),
  "no-fields-in-a-body-phase": on("requestBody", `request.fields = undefined`),
  "path-by-a-timer": on(
    "requestHead",
    `await new Promise((resolve) => setImmediate(resolve)); queueMicrotask(() => { request.path = "/\\r\\n"; })`,
    { comesTo: "any", isUncounted: true },
  ),
  // The exchange itself
  "no-request": on("requestHead", `exchange.request = null`),
  "no-match": on("requestHead", `exchange.match = null`, { comesTo: "any", isUncounted: true }),
  "no-peer": on("requestHead", `exchange.peer = null`, { comesTo: "any", isUncounted: true }),
  "no-slots": on("requestHead", `exchange.slots = null`, { comesTo: "any", isUncounted: true }),
  frozen: on("requestHead", `Object.freeze(exchange)`, { comesTo: "any" }),
  "no-methods": on("requestHead", `exchange.markEnded = 5`, { comesTo: "any", isUncounted: true }),
  address: on("requestHead", `exchange.clientAddress = Symbol("x")`, { comesTo: "any", isUncounted: true }),
  principal: on("requestHead", `exchange.principal = { get subject() { throw 1; } }`, {
    comesTo: "any",
    isUncounted: true,
  }),
  // A response's head
  "response-field": on("responseHead", `head.fields.addTrusted("x", "a\\r\\nb: c")`),
  "response-field-of-a-number": on("responseHead", `head.fields.addTrusted("x", 7)`),
  "response-odd-list": on("responseHead", `head.fields.added.push("odd")`),
  "response-no-fields": on("responseHead", `head.fields = null`),
  "response-status": on("responseHead", `head.status = 99`),
  "response-status-of-text": on("responseHead", `head.status = "ok"`),
  "response-reason": on("responseHead", `head.reason = "a\\r\\nb"`),
  "response-length": on("responseHead", `head.bodyLength = "x"`, mended),
  "response-status-in-a-body-phase": on("responseBody", `exchange.response.status = NaN`),
  "response-field-in-a-body-phase": on(
    "responseBody",
    `exchange.response.fields.addTrusted("x", "a\\r\\nb: c")`,
  ),
  "response-no-fields-in-a-body-phase": on("responseBody", `exchange.response.fields = null`),
  // Replies
  "reply-status": on("requestHead", `return { status: 99, headers: [], body: "" }`),
  "reply-status-of-text": on("requestHead", `return { status: "200", headers: [], body: "" }`),
  "reply-header": on("requestHead", `return { status: 200, headers: [["a b", "c"]], body: "" }`),
  "reply-header-value": on(
    "requestHead",
    `return { status: 200, headers: [["a", "b\\r\\nc: d"]], body: "" }`,
  ),
  "reply-header-alone": on("requestHead", `return { status: 200, headers: [["a"]], body: "" }`),
  "reply-header-null": on("requestHead", `return { status: 200, headers: [null], body: "" }`),
  "reply-header-of-a-number": on("requestHead", `return { status: 200, headers: [["a", 7]], body: "" }`),
  "reply-body": on("requestHead", `return { status: 200, headers: [], body: 7 }`),
  "reply-that-throws": on("requestHead", `return { get status() { throw 1; } }`),
  "reply-once-more": on(
    "requestHead",
    `let n = 0; return { get status() { return n++ === 0 ? 200 : NaN; }, headers: [], body: "" }`,
    { comesTo: "200", isUncounted: true },
  ),
  "reply-to-a-response": on("responseHead", `return { status: 200, headers: [["a", "b\\r\\nc"]], body: "" }`),
  "reply-by-a-thenable": on("requestHead", `return { then(yes) { yes({ status: 7 }); yes(undefined); } }`),
  "thenable-that-throws": on("requestHead", `return { then() { throw 1; } }`),
  "then-that-throws": on("requestHead", `return { get then() { throw 1; } }`),
  // Throws
  "throw-null": on("requestHead", `throw null`),
  "throw-symbol": on("requestHead", `throw Symbol("x")`),
  "throw-hostile": on("requestHead", `throw ${hostile}`),
  "reject-hostile": on("requestHead", `return Promise.reject(${hostile})`),
  "throw-in-a-request-body": on("requestBody", `throw null`),
  "throw-in-a-response-head": on("responseHead", `throw ${hostile}`),
  "throw-in-a-response-body": on("responseBody", `throw ${hostile}`),
  "throw-in-the-end": on("end", `throw ${hostile}`, strays),
  // What all of a worker's requests stand on
  exit: on("requestHead", `process.exit(0)`),
  "exit-by-import": on("requestHead", `(await import("node:process")).exit(0)`),
  "exit-in-a-response-head": on("responseHead", `process.exit(0)`),
  "exit-in-a-body": on("requestBody", `process.exit(0)`),
  "exit-after-a-wait": on(
    "requestHead",
    `await new Promise((resolve) => setTimeout(resolve, 1)); process.exit(0)`,
  ),
  "exit-by-a-timer": on("requestHead", `setTimeout(() => process.exit(0), 1)`, strays),
  "exit-at-the-end": on("end", `process.exit(0)`, strays),
  "really-exit": on("requestHead", `process.reallyExit(0)`),
  abort: on("requestHead", `process.abort()`),
  kill: on("requestHead", `process.kill(process.pid)`),
  chdir: on("requestHead", `process.chdir("/")`),
  "end-of-stdout": on("requestHead", `process.stdout.end()`),
  "destroyed-stderr": on("requestHead", `process.stderr.destroy()`),
  // What goes on by itself
  timer: on("requestHead", `setTimeout(() => { throw null; }, 1)`, strays),
  "timer-hostile": on("requestHead", `setTimeout(() => { throw ${hostile}; }, 1)`, strays),
  immediate: on("requestHead", `setImmediate(() => { throw 1; })`, strays),
  microtask: on("requestHead", `queueMicrotask(() => { throw 1; })`, strays),
  "next-tick": on("requestHead", `process.nextTick(() => { throw new Error("x"); })`, strays),
  rejection: on("requestHead", `void Promise.reject(null)`, strays),
  "rejection-hostile": on("requestHead", `void Promise.reject(${hostile})`, strays),
  emitter: on("requestHead", `setTimeout(() => new (process.constructor)().emit("error", 1), 1)`, strays),
  "own-clock": on("requestHead", `context.clock.after(1, () => { throw ${hostile}; })`, strays),
  "clock-without-a-function": on("requestHead", `context.clock.after(1, null)`, strays),
};

const bodies = new Set<Case["phase"]>(["requestBody", "responseBody"]);

function phaseOf(phase: Case["phase"]): string {
  const own = Object.entries(cases).filter(([, one]) => one.phase === phase);
  const steps = own.map(([name, { code }]) => `    case ${JSON.stringify("/" + name)}: { ${code}; break; }`);
  const args = {
    requestHead: "exchange",
    requestBody: "exchange, bytes",
    responseHead: "exchange, head",
    responseBody: "exchange, bytes",
    end: "exchange",
  }[phase];
  const isAsync = phase === "requestHead" && "async ";
  // Most must not be promises: a head phase that throws by itself is another way than one that rejects.
  const waiting = own.filter(([, { code }]) => code.includes("await ")).map(([name]) => "/" + name);
  const plain = steps.filter((step) => !step.includes("await "));
  const body = (list: readonly string[]) =>
    `const { request, originalPath } = exchange; switch (originalPath) {\n${list.join("\n")}\n  }`;
  const name = phase === "requestBody" || phase === "responseBody" ? "whole" : phase;
  const method = `${name}(${args}) {
  ${isAsync ? `if (${JSON.stringify(waiting)}.includes(exchange.originalPath)) return (async () => { ${body(steps.filter((step) => step.includes("await ")))} })();` : ""}
  ${body(plain)}
}`;
  return bodies.has(phase) ? `${phase}: { mode: "buffer", maxBytes: 1000000, ${method} }` : method;
}

const filter = `
import { defineFilter } from "@heddle/filters/define";
export default defineFilter({
  name: "hostile",
  schema: { type: "object" },
  create(config, context) {
    return {
${(["requestHead", "requestBody", "responseHead", "responseBody", "end"] as const).map(phaseOf).join(",\n")}
    };
  },
});
`;

const site = (port: number, backend: number): string => `
${gateway(port)}---
apiVersion: heddle.dev/v1alpha1
kind: Filter
metadata: { name: hostile }
spec: { module: ./hostile.js }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - filters: [{ type: ExtensionRef, extensionRef: { group: heddle.dev, kind: Filter, name: hostile } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: echo }]
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: echo }
spec: { url: "http://127.0.0.1:${backend}" }
`;

/** The status, "broken", or "silent". */
function ask(port: number, at: string): Promise<string> {
  return new Promise((resolve) => {
    const request = http.request(
      { port, path: at, method: "POST", agent: false, timeout: WAIT_MS },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.complete ? String(response.statusCode) : "broken"));
        response.on("error", () => resolve("broken"));
      },
    );
    request.on("error", () => resolve("broken"));
    request.on("timeout", () => {
      resolve("silent");
      request.destroy();
    });
    request.end("body");
  });
}

async function countOf(heddle: RunningHeddle<"http">, metric: string): Promise<number> {
  const text = await (await fetch(`${heddle.api}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${metric} `));
  return line === undefined ? 0 : Number(line.slice(metric.length + 1));
}

test("whatever a filter of the user's does fails its exchange, is counted, and ends no worker", async (t) => {
  await using echo = await openEchoServer({ name: "echo" });
  await using heddle = await startHeddle({
    args: ["--workers", "1"],
    files: ({ http: port }) => ({
      "gateway.yaml": site(port, echo.port),
      "hostile.js": filter,
      "package.json": '{ "type": "module" }',
    }),
  });
  const { http: port } = heddle.ports;
  const failed = () => countOf(heddle, 'heddle_filter_events_total{filter="default/hostile",event="failed"}');
  assert.equal(await ask(port, "/good"), "200");
  for (const [name, { comesTo = "500", isUncounted }] of Object.entries(cases)) {
    await t.test(name, async () => {
      const before = await failed();
      const came = await ask(port, `/${name}`);
      if (comesTo === "any") assert.notEqual(came, "silent");
      else assert.equal(came, comesTo);
      if (isUncounted !== true)
        assert.ok(await becomesTrue(async () => (await failed()) > before, WAIT_MS), "counted");
      assert.equal(await ask(port, "/good"), "200");
      assert.equal(await countOf(heddle, "heddle_worker_restarts_total"), 0, "the worker lives");
    });
  }
});

const STUCK_MS = 30_000;

test("a filter that loops for ever loses its worker, which is replaced, and the log says which it was", async () => {
  await using echo = await openEchoServer({ name: "echo" });
  await using heddle = await startHeddle({
    args: ["--workers", "1"],
    files: ({ http: port }) => ({
      "gateway.yaml": site(port, echo.port),
      "hostile.js": `
import { defineFilter } from "@heddle/filters/define";
export default defineFilter({
  name: "hostile",
  schema: { type: "object" },
  create: () => ({ requestHead({ originalPath }) { while (originalPath === "/loop"); } }),
});`,
      "package.json": '{ "type": "module" }',
    }),
  });
  const { http: port } = heddle.ports;
  assert.equal(await ask(port, "/good"), "200");
  const stuck = ask(port, "/loop");
  const restarts = () => countOf(heddle, "heddle_worker_restarts_total");
  assert.ok(await becomesTrue(async () => (await restarts()) === 1, STUCK_MS), "it is replaced");
  assert.notEqual(await stuck, "200");
  assert.ok(await becomesTrue(async () => (await ask(port, "/good")) === "200", WAIT_MS));
  const log = `${heddle.stdout()}${heddle.stderr()}`;
  assert.match(log, /worker 1 ended and is replaced/);
  assert.match(log, /stood still for 10 s, in Filter default\/hostile, rule default\/all\/0/);
});
