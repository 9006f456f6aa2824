import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, TimerWheel } from "../base/index.ts";
import { Fields, IN_PROCESS_PEER, RequestHead } from "../message/index.ts";
import { DEFAULT_LISTENER_SETTINGS } from "../model/index.ts";
import type { ListenerUnit } from "../model/index.ts";
import { compileRouter } from "../route/index.ts";
import { FakeClock } from "@heddle/testkit";
import { ForwardedHeaders, Proxy } from "./index.ts";
import type { Rule, Site } from "./index.ts";
import { ScriptedSink } from "./scripted-sink.suite.ts";

const unit: ListenerUnit = {
  kind: "listener",
  name: "[::]/8443",
  address: "::",
  port: 8443,
  protocol: "HTTPS",
  servers: [
    { id: "shop", hostname: "shop.example", tls: null },
    { id: "teams", hostname: "*.teams.example", tls: null },
  ],
  settings: DEFAULT_LISTENER_SETTINGS,
};

/** The status of a request for `authority` on a connection made for `serverName`; no server here has a route. */
function ask(serverName: string, authority: string): number | undefined {
  const work = compileRouter<Rule>(unit, [], () => assert.fail("there are no rules"));
  let step = work.next();
  while (step.done !== true) step = work.next();
  const clock = new FakeClock();
  const info = { listener: "l", listenerIndex: 0, route: "", rule: "", routeIndex: -1 };
  const forwarded = new ForwardedHeaders(DEFAULT_LISTENER_SETTINGS.forwarded);
  const site: Site = { router: step.value, info, forwarded, priorityHeader: null, unrouted: null };
  const observer = { exchangeStarted() {}, exchangeEnded() {}, retried() {} };
  const proxy = new Proxy(
    { clock, random: seededRandom(1), wheel: new TimerWheel(clock), observer, shedder: null },
    null,
  );
  const tls = { version: "TLSv1.3", cipher: "", serverName, alpn: "http/1.1", isResumed: false };
  const sink = new ScriptedSink([]);
  const request = new RequestHead("GET", "https", authority, "/", "", new Fields());
  proxy.open(request, true, { ...IN_PROCESS_PEER, tls }, sink, site);
  return sink.head?.status;
}

test("a host of another server than the one that the server name chose is misdirected", () => {
  assert.equal(ask("shop.example", "a.teams.example"), 421);
  assert.equal(ask("a.teams.example", "shop.example:8443"), 421);
});

test("a host of the same server is routed, whichever of its names the connection was made for", () => {
  assert.equal(ask("shop.example", "shop.example:8443"), 404);
  assert.equal(ask("a.teams.example", "b.teams.example"), 404);
});

test("a host that no server has is not found, rather than misdirected", () => {
  assert.equal(ask("shop.example", "other.example"), 404);
});

test("without a server name the host alone decides", () => {
  assert.equal(ask("", "a.teams.example"), 404);
});
