import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { CsrfConfig } from "./config.ts";
import { csrf } from "./filter.ts";

type Pairs = readonly (readonly [string, string])[];

const config: CsrfConfig = {
  allowedOrigins: [{ scheme: "https", match: "suffix", host: ".partner.example", port: 443 }],
  withoutOrigin: "allow",
};

function isTaken(headers: Pairs, options: RequestOptions = {}, change: Partial<CsrfConfig> = {}): boolean {
  const exchange = makeExchange({ method: "POST", authority: "shop.example", headers, ...options });
  const run = new FilterRun(csrf, { ...config, ...change }, exchange);
  const reply = run.request();
  if (reply === undefined) return true;
  assert.equal(reply.status, 403);
  assert.deepEqual(run.context.events, ["refused"]);
  return false;
}

const site = (value: string): Pairs => [["sec-fetch-site", value]];
const origin = (value: string): Pairs => [["origin", value]];

test("what the browser says of a request decides", () => {
  assert.ok(isTaken(site("same-origin")));
  assert.ok(isTaken(site("none")));
  for (const value of ["cross-site", "same-site", "", "Same-Origin", "same-origin, none", "x"])
    assert.ok(!isTaken(site(value)), value);
});

test("without Sec-Fetch-Site the origin is the request's own, or one that is allowed", () => {
  for (const value of [
    "http://shop.example",
    "https://shop.example",
    "http://shop.example:80",
    "HTTP://SHOP.example",
  ])
    assert.ok(isTaken(origin(value)), value);
  assert.ok(isTaken(origin("http://shop.example:8080"), { authority: "shop.example:8080" }));
  assert.ok(isTaken(origin("https://[::1]:8443"), { authority: "[::1]:8443" }));
  assert.ok(isTaken(origin("https://a.partner.example")));
});

test("no other origin is taken for the request's own", () => {
  for (const value of [
    "null",
    "",
    "http://evil.example",
    "http://shop.example.evil.example",
    "http://evil-shop.example",
    "http://shop.example:8080",
    "https://shop.example:80",
    "http://shop.example/",
    "http://user@shop.example",
    "http://shop.example http://evil.example",
    "ftp://shop.example",
    "//shop.example",
    "shop.example",
    "http://sub.shop.example",
    "http://a.partner.example",
    "https://partner.example",
    `http://${"a".repeat(400)}`,
  ])
    assert.ok(!isTaken(origin(value)), value);
});

test("a page in clear text asks no https site", () => {
  assert.ok(!isTaken(origin("http://shop.example"), { scheme: "https" }));
  assert.ok(isTaken(origin("https://shop.example"), { scheme: "https" }));
});

test("an allowed origin is taken whatever Sec-Fetch-Site says; an own one is not", () => {
  assert.ok(isTaken([...site("cross-site"), ...origin("https://a.partner.example")]));
  assert.ok(!isTaken([...site("cross-site"), ...origin("http://shop.example")]));
});

test("several values are nobody's", () => {
  assert.ok(!isTaken([...site("same-origin"), ...site("cross-site")]));
  assert.ok(!isTaken([...site("same-origin"), ...site("same-origin")]));
  assert.ok(!isTaken([...origin("http://shop.example"), ...origin("http://evil.example")]));
});

test("what no browser sent is taken or not, as the policy says", () => {
  assert.ok(isTaken([]));
  assert.ok(!isTaken([], {}, { withoutOrigin: "refuse" }));
});

test("requests without an effect pass; WebSockets have one", () => {
  for (const method of ["GET", "HEAD", "OPTIONS"]) assert.ok(isTaken(site("cross-site"), { method }));
  for (const method of ["TRACE", "PUT", "PATCH", "DELETE", "get", "PURGE"])
    assert.ok(!isTaken(site("cross-site"), { method }), method);
  assert.ok(!isTaken(origin("http://evil.example"), { method: "GET", upgrade: "websocket" }));
  assert.ok(isTaken(origin("http://shop.example"), { method: "GET", upgrade: "websocket" }));
});

test("a host that a filter rewrote does not count", () => {
  const exchange = makeExchange({
    method: "POST",
    authority: "shop.example",
    headers: origin("http://inner"),
  });
  exchange.request.authority = "inner";
  assert.equal(new FilterRun(csrf, config, exchange).request()?.status, 403);
});
