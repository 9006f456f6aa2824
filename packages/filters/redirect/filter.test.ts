import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isFieldValue, normalizePath } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { RedirectConfig } from "./config.ts";
import { redirect } from "./filter.ts";

const keep: RedirectConfig = { scheme: "", hostname: "", path: null, port: 0, statusCode: 302 };

function replyTo(config: Partial<RedirectConfig>, request: RequestOptions) {
  return new FilterRun(redirect, { ...keep, ...config }, makeExchange(request)).request()!;
}

function locationOf(config: Partial<RedirectConfig>, request: RequestOptions): string {
  const { headers } = replyTo(config, request);
  assert.deepEqual(
    headers.map(([name]) => name),
    ["location"],
  );
  return headers[0][1];
}

test("answers with the configured status, Location and no body", () => {
  for (const statusCode of [301, 302, 303, 307, 308] as const) {
    const reply = replyTo({ statusCode, hostname: "new.example" }, { target: "/a" });
    assert.deepEqual(reply, {
      status: statusCode,
      headers: [["location", "http://new.example/a"]],
      body: "",
    });
  }
});

test("the port: the configured one, else the scheme's where that is given, else the listener's", () => {
  const cases: readonly (readonly [Partial<RedirectConfig>, RequestOptions, string])[] = [
    [{}, { localPort: 8080 }, "http://shop.example:8080/"],
    [{}, { localPort: 80 }, "http://shop.example/"],
    [{}, { localPort: 80, authority: "shop.example:9999" }, "http://shop.example/"],
    [{}, { localPort: 443, scheme: "https" }, "https://shop.example/"],
    [{}, { localPort: 80, scheme: "https" }, "https://shop.example:80/"],
    [{}, { localPort: 443 }, "http://shop.example:443/"],
    [{ scheme: "https" }, { localPort: 8080 }, "https://shop.example/"],
    [{ scheme: "http" }, { localPort: 8443, scheme: "https" }, "http://shop.example/"],
    [{ scheme: "https", port: 8443 }, { localPort: 80 }, "https://shop.example:8443/"],
    [{ scheme: "https", port: 443 }, { localPort: 80 }, "https://shop.example/"],
    [{ scheme: "https", port: 80 }, { localPort: 80 }, "https://shop.example:80/"],
    [{ port: 80 }, { localPort: 8080 }, "http://shop.example/"],
    [{ port: 8080 }, { localPort: 80 }, "http://shop.example:8080/"],
    [{}, { localPort: 0 }, "http://shop.example/"],
  ];
  for (const [config, request, location] of cases) {
    assert.equal(locationOf(config, request), location, JSON.stringify([config, request]));
  }
});

test("the host of an IPv6 request keeps its brackets", () => {
  assert.equal(
    locationOf({}, { authority: "[2001:db8::1]:8080", localPort: 8080 }),
    "http://[2001:db8::1]:8080/",
  );
  assert.equal(locationOf({ scheme: "https" }, { authority: "[::1]" }), "https://[::1]/");
});

test("path and query are kept, escapes untouched", () => {
  assert.equal(
    locationOf({ scheme: "https" }, { target: "/a%20b/%E4?x=1&y=%0d%0a" }),
    "https://shop.example/a%20b/%E4?x=1&y=%0d%0a",
  );
});

test("the path is replaced whole or by its matched prefix, and the query stays", () => {
  const request = { target: "/old/item?x=1", matchedPath: "/old" };
  assert.equal(locationOf({ path: { type: "full", value: "/all" } }, request), "http://shop.example/all?x=1");
  assert.equal(
    locationOf({ path: { type: "prefix", value: "/new" } }, request),
    "http://shop.example/new/item?x=1",
  );
  assert.equal(locationOf({ path: { type: "prefix", value: "" } }, request), "http://shop.example/item?x=1");
});

test("OPTIONS * does not become part of the host", () => {
  assert.equal(locationOf({}, { method: "OPTIONS", target: "*" }), "http://shop.example/");
});

test("without any host Location is relative", () => {
  assert.equal(locationOf({ scheme: "https" }, { authority: "", target: "/a" }), "/a");
  assert.equal(
    locationOf({ hostname: "new.example" }, { authority: "", target: "/a" }),
    "http://new.example/a",
  );
});

test("whatever path and query a client sends, Location keeps its host and is one field value", () => {
  const target = fc.string({ unit: fc.constantFrom(..."/.%@:\\?#&=;ab0DAda2Ff \r\n\0"), maxLength: 24 });
  fc.assert(
    fc.property(target, fc.constantFrom("refuse", "keep"), (text, slashes) => {
      const path = normalizePath(`/${text.split("?")[0]}`, slashes as "refuse" | "keep");
      fc.pre(path !== null);
      for (const change of [null, { type: "prefix", value: "" }] as const) {
        const location = locationOf({ path: change }, { target: path!, matchedPath: "/" });
        assert.ok(isFieldValue(location));
        const url = new URL(location);
        assert.equal(url.host, "shop.example");
        assert.equal(url.username, "");
      }
    }),
    { seed: 20_260_102, numRuns: 500 },
  );
});
