import assert from "node:assert/strict";
import { test } from "node:test";
import { measureCpuMs } from "@heddle/testkit";
import type { Reply } from "@heddle/engine/filter";
import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { GraphqlConfig } from "./config.ts";
import { graphql } from "./filter.ts";

const config: GraphqlConfig = {
  maxBytes: 100_000,
  maxTokens: 1_000,
  maxDepth: 4,
  maxCost: 100,
  maxAliases: 3,
  maxDirectives: 3,
  maxBatch: 2,
  fieldCosts: [
    { field: "search", cost: 50 },
    { field: "id", cost: 0 },
  ],
  multipliers: ["first", "last"],
  allowsIntrospection: false,
  allowsPersisted: false,
  allowsWebSockets: false,
};

interface Outcome {
  readonly status: number | undefined;
  readonly event: string;
}

function run(options: RequestOptions, body: string | Uint8Array, change: Partial<GraphqlConfig>): Outcome {
  const found = new FilterRun(graphql, { ...config, ...change }, makeExchange(options));
  let reply = found.request();
  const phase = found.filter.requestBody!;
  if (reply === undefined && phase.mode === "buffer" && phase.concerns!(found.exchange))
    reply = phase.whole(found.exchange, Buffer.from(body as string)) as Reply | undefined;
  if (reply !== undefined && reply.status !== 415) {
    const { errors } = JSON.parse(reply.body as string) as { errors: { message: string }[] };
    assert.equal(typeof errors[0].message, "string");
  }
  return { status: reply?.status, event: found.context.events.join() };
}

const headers = [["content-type", "application/json"]] as const;
const post = (body: string, change: Partial<GraphqlConfig> = {}) =>
  run({ method: "POST", headers, bodyLength: LENGTH_UNKNOWN }, body, change);
const ask = (query: string, variables: object = {}, change: Partial<GraphqlConfig> = {}) =>
  post(JSON.stringify({ query, variables }), change).event;
const get = (query: string, change: Partial<GraphqlConfig> = {}) =>
  run({ method: "GET", target: `/graphql?${query}` }, "", change);

const documents: readonly (readonly [string, string])[] = [
  ["{ a }", "passed"],
  ["query Q { a { b { c { d } } } }", "passed"],
  ["{ a { b { c { d { e } } } } }", "depth"],
  ["{ a { ...F } } fragment F on X { b { c { d } } }", "passed"],
  ["{ a { ...F } } fragment F on X { b { c { d { e } } } }", "depth"],
  ["{ a { ... on X { ... on Y { b { c } } } } }", "passed"],
  ["{ search }", "passed"],
  ["{ search a { search } }", "cost"],
  ["{ list(first: 40) { id a } }", "passed"],
  ["{ list(first: 100) { id a } }", "cost"],
  ["{ list(first: 10) { list(last: 10) { a } } }", "cost"],
  ["{ list(other: 1000) { a } }", "passed"],
  ["{ list(first: -5) { a } }", "passed"],
  ["{ list(first: 99999999999999999999999999) { a } }", "cost"],
  ["{ a: x b: x c: x }", "passed"],
  ["{ a: x b: x c: x d: x }", "aliases"],
  ["{ ...F ...F ...F ...F } fragment F on Q { a: x }", "aliases"],
  ["{ a @skip(if: true) b @include(if: false) @x }", "passed"],
  ["{ a @a @b @c @d }", "directives"],
  ["query @a @b @c @d { a }", "directives"],
  ["{ ...F @a ...F @b ...F @c ...F @d } fragment F on Q { x }", "directives"],
  ["{ __schema { types { name } } }", "introspection"],
  ['{ a { ...F } } fragment F on Q { x: __type(name: "A") { name } }', "introspection"],
  ["{ __typename }", "passed"],
  ["{ a } query B { __schema { x } }", "introspection"],
  ["{ ...F } fragment F on Q { ...F }", "malformed"],
  ["{ ...F } fragment F on Q { ...G } fragment G on Q { ...F }", "malformed"],
  ["{ ...F }", "malformed"],
  ["fragment F on Q { a }", "malformed"],
  ["type A { b: String }", "malformed"],
  ["{ a", "malformed"],
  ["", "malformed"],
  ['{ a(x: "\\u{110000}") }', "malformed"],
  ["mutation { a }", "passed"],
  ["subscription { a }", "passed"],
  [`{ ${"a ".repeat(1_100)} }`, "tokens"],
];

for (const [document, expected] of documents) {
  test(`${document.slice(0, 70)}: ${expected}`, () => assert.equal(ask(document), expected));
}

test("variables count as what they are, and else as what the operation says", () => {
  const query = "query Q($n: Int = 200) { list(first: $n) { a } }";
  assert.equal(ask(query), "cost");
  assert.equal(ask(query, { n: 5 }), "passed");
  assert.equal(ask(query, { n: 500 }), "cost");
  assert.equal(ask("query Q($n: Int) { list(first: $n) { a } }", { n: "500" }), "passed");
});

test("a document that stands for billions of fields takes no time", async () => {
  const fragments = Array.from(
    { length: 60 },
    (_, at) => `fragment F${at} on Q { ...F${at + 1} ...F${at + 1} }`,
  );
  const document = `{ ...F0 } ${fragments.join(" ")} fragment F60 on Q { a }`;
  const spentMs = await measureCpuMs(() => assert.equal(ask(document), "cost"));
  assert.ok(spentMs < 500);
});

test("a document of any depth is refused, and no more", () => {
  for (const depth of [100, 2_000, 20_000]) {
    const roomy = { maxTokens: 1_000_000, maxBytes: 10_000_000 };
    assert.equal(ask("{a".repeat(depth) + "}".repeat(depth), {}, roomy), "depth");
    assert.notEqual(ask(`{ a(x: ${"[".repeat(depth)}${"]".repeat(depth)}) }`, {}, roomy), "");
  }
});

test("batches have their number, and one cost", () => {
  const one = { query: "{ search }" };
  assert.equal(post(JSON.stringify([one])).event, "passed");
  assert.equal(post(JSON.stringify([one, one])).event, "passed");
  assert.equal(post(JSON.stringify([one, { query: "{ search a }" }])).event, "cost");
  assert.equal(post(JSON.stringify([one, one, one])).event, "batch");
  assert.equal(post("[]").event, "malformed");
});

test("bodies that two could read in two ways, or nobody", () => {
  for (const body of [
    '{"query":"{a}","query":"{__schema{x}}"}',
    '{"query":"{a}","qu\\u0065ry":"{b}"}',
    '{"query":1}',
    '{"query":["{a}"]}',
    '"{a}"',
    "null",
    "[[]]",
    "[null]",
    '{"query":"{a}","variables":[]}',
    '{"query":"{a}","variables":"{}"}',
    '{"query":"{a}","__proto__":{}}',
    '{"query":"{a}"',
    "query={a}",
    "",
  ]) {
    assert.deepEqual(post(body), { status: 400, event: "malformed" }, body);
  }
  assert.equal(post('{"query":"{a}","variables":null,"operationName":null}').event, "passed");
});

test("persisted operations go on where the policy says so, and are looked at when they have their text", () => {
  const hash = { extensions: { persistedQuery: { version: 1, sha256Hash: "a".repeat(64) } } };
  assert.equal(post(JSON.stringify(hash)).event, "persisted");
  assert.equal(post(JSON.stringify(hash), { allowsPersisted: true }).event, "passed");
  const known = { ...hash, query: "{ a { b { c { d { e } } } } }" };
  assert.equal(post(JSON.stringify(known), { allowsPersisted: true }).event, "depth");
  const asked = `extensions=${encodeURIComponent(JSON.stringify(hash.extensions))}`;
  assert.equal(get(asked).event, "persisted");
  assert.equal(get(asked, { allowsPersisted: true }).event, "passed");
});

test("by GET: the same bounds, and nothing that changes", () => {
  const query = (text: string) => `query=${encodeURIComponent(text)}`;
  assert.deepEqual(get(query("{ a }")), { status: undefined, event: "passed" });
  assert.deepEqual(get(query("{ a { b { c { d { e } } } } }")), { status: 400, event: "depth" });
  assert.deepEqual(get(query("mutation { a }")), { status: 405, event: "mutation" });
  assert.equal(get(`${query("{ a }")}&${query("{ b }")}`).event, "malformed");
  assert.equal(get(`${query("{a}")}&variables=1`).event, "malformed");
  const counted = "query Q($n: Int) { list(first: $n) { a } }";
  assert.equal(get(`${query(counted)}&variables=${encodeURIComponent('{"n":500}')}`).event, "cost");
  assert.equal(get(query("{ a }"), { maxBytes: 5 }).status, 414);
  assert.deepEqual(get(""), { status: undefined, event: "" });
});

test("what is no operation is refused", () => {
  const sent = (options: RequestOptions, body = '{"query":"{a}"}') =>
    run({ method: "POST", bodyLength: LENGTH_UNKNOWN, headers, ...options }, body, {}).status;
  assert.equal(sent({}), undefined);
  assert.equal(sent({ headers: [["content-type", "application/graphql"]] }, "{ a }"), undefined);
  assert.equal(sent({ headers: [["content-type", "application/graphql"]] }, "{ __schema { x } }"), 400);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
    assert.equal(sent({ headers: [["content-type", type]] }), 415);
  assert.equal(sent({ headers: [] }), 415);
  assert.equal(sent({ headers: [...headers, ["content-type", "text/plain"]] }), 415);
  assert.equal(sent({ headers: [...headers, ["content-encoding", "gzip"]] }), 415);
  assert.equal(sent({ target: "/graphql?query={b}" }), 400);
  assert.equal(sent({ bodyLength: 0 }), 400);
  assert.equal(sent({ method: "PUT" }), 405);
  assert.equal(run({ method: "OPTIONS" }, "", {}).status, undefined);
  const socket: RequestOptions = { method: "GET", upgrade: "websocket" };
  assert.equal(run(socket, "", {}).status, 403);
  assert.equal(run(socket, "", { allowsWebSockets: true }).status, undefined);
});
