import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "@heddle/engine/filter";
import { Fields, ResponseHead } from "@heddle/engine/message";
import { makeFault } from "@heddle/engine/base";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import { preferred } from "./accept.ts";
import type { ErrorPage, ErrorPagesConfig } from "./config.ts";
import { errorPages } from "./filter.ts";

const page = (change: Partial<ErrorPage>): ErrorPage => ({
  statuses: [[400, 599]],
  format: "HTML",
  content: { template: ["<p>", { from: "request.path", names: [] }, "</p>"] },
  status: 0,
  ...change,
});

function answer(
  config: Partial<ErrorPagesConfig>,
  status: number,
  request: RequestOptions = {},
  { headers = [], isBackends = false }: { headers?: [string, string][]; isBackends?: boolean } = {},
): Reply | undefined {
  const run = new FilterRun(
    errorPages,
    { of: "Heddle", pages: [page({})], ...config },
    makeExchange(request),
  );
  if (isBackends) run.exchange.responseHeadMs = 5;
  return run.filter.responseHead!(run.exchange, new ResponseHead(status, Fields.of(headers))) as
    | Reply
    | undefined;
}

test("a page takes the place of an error, and what a client sent is no markup in it", () => {
  const reply = answer({}, 404, { target: "/<script>'\"&" })!;
  assert.equal(reply.body, "<p>/&lt;script&gt;&#39;&quot;&amp;</p>");
  assert.equal(reply.status, 404);
  assert.deepEqual(reply.headers, [["content-type", "text/html; charset=utf-8"]]);
});

test("whose errors", () => {
  assert.equal(answer({}, 404, {}, { isBackends: true }), undefined);
  assert.notEqual(answer({ of: "Backends" }, 404, {}, { isBackends: true }), undefined);
  assert.equal(answer({ of: "Backends" }, 404), undefined);
  assert.notEqual(answer({ of: "All" }, 404, {}, { isBackends: true }), undefined);
  const run = new FilterRun(errorPages, { of: "Heddle", pages: [page({})] }, makeExchange());
  run.exchange.responseHeadMs = 5;
  run.exchange.fault = makeFault("HDL_UPSTREAM_RESET", "x");
  assert.notEqual(run.filter.responseHead!(run.exchange, new ResponseHead(502, new Fields())), undefined);
});

test("statuses, and another status", () => {
  const pages = [
    page({
      statuses: [
        [404, 404],
        [500, 504],
      ],
      status: 503,
    }),
  ];
  assert.equal(answer({ pages }, 404)!.status, 503);
  assert.equal(answer({ pages }, 502)!.status, 503);
  assert.equal(answer({ pages }, 403), undefined);
  assert.equal(answer({ pages }, 505), undefined);
  assert.equal(answer({ pages: [page({ statuses: [[100, 599]] })] }, 200), undefined);
});

test("fields that do not speak of the body stay", () => {
  const headers: [string, string][] = [
    ["www-authenticate", "Bearer"],
    ["retry-after", "5"],
    ["content-encoding", "gzip"],
    ["etag", '"x"'],
    ["content-type", "text/plain"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ];
  assert.deepEqual(answer({}, 401, {}, { headers })!.headers, [
    ["www-authenticate", "Bearer"],
    ["retry-after", "5"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["content-type", "text/html; charset=utf-8"],
  ]);
});

test("the client's Accept chooses, and caches are told", () => {
  const pages = [
    page({}),
    page({ format: "Problem", content: null }),
    page({ format: "Text", content: { template: ["t"] } }),
  ];
  const typeOf = (accept: string) => {
    const reply = answer({ pages }, 500, { headers: [["accept", accept]] })!;
    const headers = new Map(reply.headers);
    assert.equal(headers.get("vary"), "Accept");
    return headers.get("content-type");
  };
  assert.equal(typeOf("application/json"), "application/problem+json");
  assert.equal(typeOf("text/*;q=0.5, text/plain"), "text/plain; charset=utf-8");
  assert.equal(typeOf("image/png"), "text/html; charset=utf-8");
  assert.deepEqual(JSON.parse(String(answer({ pages: [pages[1]!] }, 500)!.body)), {
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
  });
});

test("preferences", () => {
  const formats = ["HTML", "JSON", "Problem"] as const;
  for (const [accept, expected] of [
    [undefined, 0],
    ["", 0],
    ["*/*", 0],
    ["text/html;q=0, */*", 1],
    ["application/problem+json", 2],
    ["application/json;q=0.4, application/problem+json;q=0.5", 2],
    ["text/html;q=nonsense", -1],
    ["text/html;q=7", -1],
    [",;,;q=", -1],
    [`${"x/y,".repeat(50_000)}text/html`, -1],
  ] as const) {
    assert.equal(preferred(accept, formats), expected, String(accept).slice(0, 60));
  }
});

test("a page whose text is not there leaves the answer, and gRPC is left alone", () => {
  const context = new RecordingContext();
  const run = new FilterRun(
    errorPages,
    { of: "All", pages: [page({ content: { data: "template/x" } })] },
    makeExchange(),
    context,
  );
  assert.equal(run.filter.responseHead!(run.exchange, new ResponseHead(500, new Fields())), undefined);
  assert.deepEqual(context.events, ["missing"]);
  context.data("template/x").set(["now"]);
  assert.equal(
    (run.filter.responseHead!(run.exchange, new ResponseHead(500, new Fields())) as Reply).body,
    "now",
  );
  run.exchange.grpcForm = "grpc";
  assert.equal(run.filter.responseHead!(run.exchange, new ResponseHead(500, new Fields())), undefined);
});
