import assert from "node:assert/strict";
import { test } from "node:test";
import type { BufferBody } from "@heddle/engine/filter";
import { Fields, ResponseHead } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { NamedEdits, RequestEdits, ResponseEdits, TransformRule } from "./config.ts";
import { transform } from "./filter.ts";

const none: NamedEdits = { rename: [], set: [], add: [], remove: [] };
const query = (name: string) => [{ from: "query" as const, names: [name] }];
const header = (name: string) => [{ from: "request.header" as const, names: [name] }];
const named = (name: string) => ({ from: "path" as const, names: [name] });
const noJson = { rename: [], set: [], remove: [] };

const requestEdits = (edits: Partial<RequestEdits>): Partial<TransformRule> => ({
  request: { headers: none, query: none, path: null, method: "", json: null, ...edits },
});
const responseEdits = (edits: Partial<ResponseEdits>): Partial<TransformRule> => ({
  response: { status: 0, headers: none, json: null, ...edits },
});

function runOf(rules: readonly Partial<TransformRule>[], options: RequestOptions = {}) {
  const whole = rules.map((one) => ({ methods: [], pattern: null, request: null, response: null, ...one }));
  const config = { rules: whole, maxBodyBytes: 1000, maxDepth: 8 };
  return new FilterRun(transform, config, makeExchange(options));
}

const users = { segments: [{ text: "users" }, { name: "id" }], isOpen: false };
const json = { headers: [["content-type", "application/json"]] as [string, string][], bodyLength: 9 };

/** The edited body, or the status and the problem. */
function editBody(run: ReturnType<typeof runOf>, body: string | Uint8Array): string {
  const reply = run.request();
  if (reply !== undefined) return `${reply.status}`;
  const phase = run.filter.requestBody as BufferBody;
  assert.ok(phase.concerns!(run.exchange), "the body is edited");
  const result = phase.whole(run.exchange, Buffer.from(body));
  assert.ok(result !== undefined && !(result instanceof Promise));
  return result instanceof Uint8Array ? Buffer.from(result).toString() : `${result.status}`;
}

test("head edits, with values as they were before", () => {
  const headers = {
    rename: [{ from: "x-old", to: "x-new" }],
    set: [{ name: "x-was", value: header("x-old") }],
    add: [{ name: "x-list", value: ["b"] }],
    remove: ["x-gone"],
  };
  const edits = {
    rename: [{ from: "a", to: "b" }],
    set: [{ name: "id", value: [named("id")] }],
    add: [{ name: "tag", value: ["x y&"] }],
    remove: ["debug"],
  };
  const path = ["/api/", named("id")];
  const rule = { pattern: users, ...requestEdits({ headers, query: edits, path, method: "POST" }) };
  const run = runOf([rule], {
    method: "PUT",
    target: "/users/a%20b?a=1&b=2&%64ebug=1&keep",
    headers: [
      ["x-old", "o"],
      ["x-new", "forged"],
      ["x-list", "a"],
      ["x-gone", "1"],
    ],
  });
  assert.equal(run.request(), undefined);
  const { request } = run.exchange;
  assert.deepEqual(
    [request.method, request.path, request.query],
    ["POST", "/api/a%20b", "?b=1&keep&id=a%20b&tag=x%20y%26"],
  );
  assert.deepEqual(Object.fromEntries(request.fields.toPairs()), {
    "x-new": "o",
    "x-was": "o",
    "x-list": "a, b",
  });
  assert.deepEqual(run.context.events, ["request"]);
});

test("which rules match", () => {
  const marks = (name: string) =>
    requestEdits({ headers: { ...none, set: [{ name, value: ["1"] }] }, path: ["/else"] });
  const rules = [
    { pattern: users, ...marks("one") },
    { methods: ["POST"], ...marks("two") },
    { pattern: { segments: [{ text: "users" }], isOpen: true }, ...marks("three") },
  ];
  for (const [target, names] of [
    ["/users/7", ["one", "three"]],
    ["/users/", ["three"]],
    ["/users", ["three"]],
    ["/users/7/x", ["three"]],
    ["/usersx/7", []],
    ["/Users/7", []],
  ] as const) {
    const run = runOf(rules, { target });
    run.request();
    assert.deepEqual(
      run.exchange.request.fields.toPairs().map(([name]) => name),
      names,
      target,
    );
  }
});

test("hostile values for heads are refused, and an empty one takes away what the client sent", () => {
  const setsHeader = requestEdits({ headers: { ...none, set: [{ name: "x-user", value: query("q") }] } });
  const setsPath = requestEdits({ path: ["/users/", ...query("q")] });
  const setsQuery = requestEdits({ query: { ...none, remove: ["admin"] } });
  for (const [rule, target, status] of [
    [setsHeader, "/?q=a%0d%0ahost:%20x", 400],
    [setsHeader, "/?q=a%00", 400],
    [setsHeader, "/?q=a%7f", 400],
    [setsHeader, "/?q=%e2%82%ac", 400],
    [setsHeader, "/?q=ok", undefined],
    [setsPath, "/?q=..", 400],
    [setsPath, "/?q=.", 400],
    [setsPath, "/?q=", undefined],
    [setsPath, "/?q=a%2fb", 400],
    [setsPath, "/?q=..%2fadmin", 400],
    [setsPath, "/?q=a%5cb", 400],
    [setsPath, "/?q=a%00", 400],
    [setsPath, "/?q=..;x", 400],
    [setsPath, "/?q=a?b%23c", undefined],
    [setsQuery, "/?x=1;admin=1", 400],
    [setsQuery, "/?%zz=1", 400],
    [setsQuery, "/?%61dmin=1", undefined],
    [requestEdits({ method: "GET" }), "/", undefined],
    [{ pattern: users, ...requestEdits({}) }, "/users/%E4", 400],
  ] as const) {
    const run = runOf([rule], { target, headers: [["x-user", "forged"]] });
    assert.equal(run.request()?.status, status, target);
  }
  const run = runOf([setsHeader], { headers: [["x-user", "forged"]] });
  run.request();
  assert.equal(run.exchange.request.fields.has("x-user"), false);
  for (const name of ["x\r\ny", "x y", ""]) {
    const bad = requestEdits({ headers: { ...none, set: [{ name, value: ["1"] }] } });
    assert.throws(() => runOf([bad]), RangeError);
  }
});

test("a method that cannot be another", () => {
  for (const options of [
    { method: "HEAD" },
    { method: "OPTIONS", target: "*" },
    { upgrade: "websocket" },
    { method: "CONNECT" },
  ]) {
    const run = runOf([requestEdits({ method: "POST" })], options);
    assert.equal(run.request()?.status, 400, JSON.stringify(options));
  }
  const run = runOf([requestEdits({ method: "GET" })], { method: "POST", bodyLength: 3 });
  assert.equal(run.request()?.status, 400);
});

test("JSON edits", () => {
  const edits = requestEdits({
    json: {
      rename: [{ at: ["old"], to: "new" }],
      set: [
        { at: ["a", "b"], value: { template: query("q") } },
        { at: ["list", "-"], value: { json: '{"n":10000000000000000000001}' } },
        { at: ["list", "0"], value: { json: "null" } },
      ],
      remove: [["gone"], ["list", "1"], ["no", "such"], ["list", "9"]],
    },
  });
  const run = runOf([edits], { ...json, target: "/?q=%22,%22x%22:%22", method: "POST" });
  assert.equal(
    editBody(
      run,
      '{"old":12345678901234567890,"new":0,"gone":1,"list":[1,2],"constructor":{"prototype":1},"e":1.0}',
    ),
    '{"list":[null,{"n":10000000000000000000001}],"constructor":{"prototype":1},"e":1.0,"new":12345678901234567890,"a":{"b":"\\",\\"x\\":\\""}}',
  );
  const whole = requestEdits({ json: { ...noJson, set: [{ at: [], value: { json: "[1]" } }] } });
  assert.equal(editBody(runOf([whole], json), "{}"), "[1]");
});

test("bodies that cannot be edited", () => {
  const edits = requestEdits({ json: { ...noJson, set: [{ at: ["a", "b"], value: { json: "1" } }] } });
  for (const body of [
    "no",
    "{",
    '{"a":1}',
    '{"a":[]}',
    "[]",
    "7",
    '{"a":null}',
    '{"a":12345678901234567890}',
    '{"x":1,"x":2}',
    '{"__proto__":{"a":1}}',
    "[".repeat(9) + "]".repeat(9),
    Buffer.from([0x22, 0xff, 0x22]),
  ]) {
    assert.equal(editBody(runOf([edits], json), body), "400", String(body));
  }
  for (const headers of [
    [],
    [["content-type", "text/plain"]],
    [
      ["content-type", "application/json"],
      ["content-type", "application/json"],
    ],
    [["content-type", "application/json; charset=utf-16"]],
    [
      ["content-type", "application/json"],
      ["content-encoding", "gzip"],
    ],
  ] as [string, string][][]) {
    assert.equal(editBody(runOf([edits], { headers, bodyLength: 9 }), "{}"), "400", JSON.stringify(headers));
  }
  const run = runOf([edits], {});
  assert.equal(run.request(), undefined, "no body, no edit");
  assert.equal((run.filter.requestBody as BufferBody).concerns!(run.exchange), false);
  assert.equal(({} as Record<string, unknown>)["b"], undefined);
});

/** What becomes of a backend's response: head, and body. */
function respond(run: ReturnType<typeof runOf>, head: ResponseHead, body = "") {
  run.exchange.responseHeadMs = 1;
  const reply = run.filter.responseHead!(run.exchange, head);
  assert.ok(!(reply instanceof Promise));
  if (reply !== undefined) return reply.status;
  const phase = run.filter.responseBody as BufferBody;
  if (!phase.concerns!(run.exchange)) return "as it is";
  const result = phase.whole(run.exchange, Buffer.from(body));
  assert.ok(result !== undefined && !(result instanceof Promise));
  return result instanceof Uint8Array ? Buffer.from(result).toString() : result.status;
}

test("responses", () => {
  const value = [{ from: "response.header" as const, names: ["server"] }];
  const rule = responseEdits({
    status: 201,
    headers: { ...none, set: [{ name: "x-was", value }], remove: ["server"] },
    json: { ...noJson, remove: [["password"]] },
  });
  const open = (headers: readonly (readonly [string, string])[] = [], status = 200, length = 9) =>
    new ResponseHead(status, Fields.of([["content-type", "application/json"], ...headers]), length);
  const run = runOf([rule], {
    headers: [
      ["accept-encoding", "gzip"],
      ["range", "bytes=0-1"],
    ],
  });
  run.request();
  assert.equal(run.exchange.request.fields.size, 0, "it is asked for whole, and as it is");
  const head = open([
    ["server", "s"],
    ["etag", '"a"'],
    ["content-digest", "x"],
  ]);
  assert.equal(respond(run, head, '{"password":1,"id":2}'), '{"id":2}');
  assert.equal(head.status, 201);
  assert.deepEqual(head.fields.toPairs().slice(1).sort(), [
    ["etag", 'W/"a"'],
    ["x-was", "s"],
  ]);
  assert.equal(respond(run, open(), "no"), 502);
  assert.equal(respond(run, open([["content-encoding", "gzip"]])), 502);
  assert.equal(respond(run, open([["content-type", "text/html"]])), 502);
  assert.equal(respond(run, open([], 206)), 502);
  for (const status of [204, 304]) {
    const empty = open([], status, 0);
    assert.equal(respond(run, empty), "as it is");
    assert.equal(empty.status, status);
  }
  run.exchange.responseHeadMs = 0;
  const own = open([["server", "s"]], 503);
  assert.equal(run.filter.responseHead!(run.exchange, own), undefined);
  assert.deepEqual([own.status, own.fields.has("server")], [503, true], "Heddle's own stays");
});
