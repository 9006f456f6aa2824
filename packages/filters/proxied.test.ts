import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, TimerWheel } from "@heddle/engine/base";
import { buildChain } from "@heddle/engine/filter";
import type { FilterSpec } from "@heddle/engine/model";
import { DEFAULT_LISTENER_SETTINGS } from "@heddle/engine/model";
import { Fields, IN_PROCESS_PEER, RequestHead } from "@heddle/engine/message";
import type { ResponseHead, ResponseSink } from "@heddle/engine/message";
import { ForwardedHeaders, NO_RULE, Proxy } from "@heddle/engine/proxy";
import type { Rule, Site } from "@heddle/engine/proxy";
import { FakeClock } from "@heddle/testkit";
import { RecordingContext } from "./filter-run.suite.ts";
import { builtinFilters } from "./index.ts";

/** A sink that keeps the head: what these tests look at. */
class HeadSink implements ResponseSink {
  head: ResponseHead | null = null;
  writeInformational(): void {}
  writeHead(head: ResponseHead): void {
    this.head = head;
  }
  writeBody(): void {}
  writeEnd(): void {}
  flush(): boolean {
    return true;
  }
  reset(): void {}
  pauseRequestBody(): void {}
  resumeRequestBody(): void {}
}

/** Filters as the runtime builds them from plain data, in the proxy itself; the rule has no backend that resolves. */
function answer(
  specs: readonly FilterSpec[],
  method: string,
  headers: readonly (readonly [string, string])[],
) {
  const context = new RecordingContext();
  const filters = specs.map(({ name, config }) => builtinFilters.get(name)!.create(config, context));
  const { info } = NO_RULE;
  const rule: Rule = {
    ...NO_RULE,
    info: { ...info, route: "default/web" },
    chain: buildChain(filters, context.slotCount),
  };
  const router = {
    find: () => ({ value: rule, matchedPath: "/" }),
    findServer: () => "",
  } as unknown as Site["router"];
  const clock = new FakeClock();
  const observer = { exchangeStarted() {}, exchangeEnded() {}, retried() {} };
  const proxy = new Proxy(
    { clock, random: seededRandom(1), wheel: new TimerWheel(clock), observer, shedder: null },
    null,
  );
  const sink = new HeadSink();
  const forwarded = new ForwardedHeaders(DEFAULT_LISTENER_SETTINGS.forwarded);
  const request = new RequestHead(method, "http", "shop.example", "/a", "", Fields.of(headers));
  proxy.open(request, true, IN_PROCESS_PEER, sink, {
    router,
    info,
    forwarded,
    priorityHeader: null,
    unrouted: null,
  });
  assert.ok(sink.head !== null);
  return { status: sink.head.status, headers: Object.fromEntries(sink.head.fields.toPairs()), context };
}

const cors: FilterSpec = {
  name: "cors",
  config: {
    allowOrigins: [{ scheme: "https", match: "exact", host: "www.foo.com", port: 443 }],
    allowCredentials: false,
    allowMethods: ["PUT"],
    allowHeaders: [],
    exposeHeaders: [],
    maxAge: 5,
  },
};
const modifier = (direction: string, change: object): FilterSpec => ({
  name: "header-modifier",
  config: { direction, set: [], add: [], remove: [], ...change },
});
const origin = ["origin", "https://www.foo.com"] as const;

test("a fault carries the CORS headers, so that a page can read what went wrong", () => {
  const { status, headers } = answer([cors], "GET", [origin]);
  assert.equal(status, 500);
  assert.equal(headers["access-control-allow-origin"], "https://www.foo.com");
  assert.equal(headers.vary, "Origin");
});

test("a redirect behind it does too, and a response modifier sees every answer", () => {
  const redirect: FilterSpec = {
    name: "redirect",
    config: { scheme: "https", hostname: "", path: null, port: 0, statusCode: 308 },
  };
  const set = [{ name: "x-via", value: "heddle" }];
  const { status, headers } = answer([modifier("response", { set }), cors, redirect], "GET", [origin]);
  assert.equal(status, 308);
  assert.equal(headers.location, "https://shop.example/a");
  assert.equal(headers["access-control-allow-origin"], "https://www.foo.com");
  assert.equal(headers["x-via"], "heddle");
});

test("a modifier behind it that removes Origin does not disturb it", () => {
  const { headers } = answer([cors, modifier("request", { remove: ["origin"] })], "GET", [origin]);
  assert.equal(headers["access-control-allow-origin"], "https://www.foo.com");
});

test("a preflight is answered before the backend is looked for, and mirrors behind it see nothing", () => {
  const mirror: FilterSpec = { name: "mirror", config: { cluster: "c", numerator: 1, denominator: 1 } };
  const asked = [origin, ["access-control-request-method", "PUT"]] as const;
  const { status, headers, context } = answer([cors, mirror], "OPTIONS", asked);
  assert.equal(status, 200);
  assert.equal(headers["access-control-allow-methods"], "PUT");
  assert.equal(headers["content-length"], "0");
  assert.equal(context.calls.length, 0);
});

test("mirrors copy what the filters above made of the request", () => {
  const mirror = (cluster: string): FilterSpec => ({
    name: "mirror",
    config: { cluster, numerator: 1, denominator: 1 },
  });
  const rewrite: FilterSpec = {
    name: "rewrite",
    config: { hostname: "inner.example", path: { type: "prefix", value: "/v2" } },
  };
  const { context } = answer([mirror("before"), rewrite, mirror("after")], "GET", []);
  assert.deepEqual(
    context.calls.map(({ cluster, request }) => `${cluster} ${request.authority}${request.path}`),
    ["before shop.example/a", "after inner.example/v2/a"],
  );
});
