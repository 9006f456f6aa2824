import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { RewriteConfig } from "./config.ts";
import { rewrite } from "./filter.ts";

function rewritten(
  config: RewriteConfig,
  target: string,
  matchedPath = "/",
  authority = "shop.example:8080",
) {
  const exchange = makeExchange({ target, matchedPath, authority });
  assert.equal(new FilterRun(rewrite, config, exchange).request(), undefined);
  const { request } = exchange;
  return { authority: request.authority, target: request.path + request.query, exchange };
}

test("the host is replaced with its port", () => {
  const { authority, target } = rewritten({ hostname: "one.example", path: null }, "/a?b");
  assert.equal(authority, "one.example");
  assert.equal(target, "/a?b");
});

test("no hostname keeps the host", () => {
  const { authority } = rewritten({ hostname: "", path: { type: "full", value: "/x" } }, "/a");
  assert.equal(authority, "shop.example:8080");
});

test("the path is replaced whole or by its matched prefix, and the query stays", () => {
  const full = rewritten({ hostname: "", path: { type: "full", value: "/one" } }, "/full/a?b=1", "/full");
  assert.equal(full.target, "/one?b=1");
  const prefix = rewritten({ hostname: "", path: { type: "prefix", value: "/one" } }, "/old/a?b=1", "/old");
  assert.equal(prefix.target, "/one/a?b=1");
  const stripped = rewritten({ hostname: "", path: { type: "prefix", value: "" } }, "/old", "/old");
  assert.equal(stripped.target, "/");
});

test("what the client asked for stays known", () => {
  const { exchange } = rewritten(
    { hostname: "one.example", path: { type: "prefix", value: "/new" } },
    "/old/a",
    "/old",
  );
  assert.equal(exchange.originalPath, "/old/a");
  assert.equal(exchange.originalAuthority, "shop.example:8080");
});

test("OPTIONS * is no path", () => {
  const { target } = rewritten({ hostname: "", path: { type: "full", value: "/x" } }, "*");
  assert.equal(target, "*");
});
