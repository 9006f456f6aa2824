import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerSpec, StreamRouteUnit } from "../model/index.ts";
import { StreamTable } from "./stream-table.ts";

const server = (id: string, hostname: string): ServerSpec => ({
  id,
  hostname,
  tls: null,
  stream: "passthrough",
});

const route = (
  name: string,
  serverId: string,
  hostnames: readonly string[],
  createdMs: number = 0,
): StreamRouteUnit => ({
  kind: "stream-route",
  name,
  attachments: [{ server: serverId, hostnames }],
  rule: "0",
  backends: [],
  createdMs,
});

const build = (servers: readonly ServerSpec[], routes: readonly StreamRouteUnit[]) =>
  StreamTable.build(servers, routes, ({ name }) => name);

test("the exact name comes before the longest wildcard, and that before any", () => {
  const table = build(
    [server("s", "")],
    [
      route("any", "s", [""]),
      route("wide", "s", ["*.example.org"]),
      route("narrow", "s", ["*.deep.example.org"]),
      route("exact", "s", ["www.deep.example.org"]),
    ],
  );
  const found = (name: string) => table.find(name)?.value;
  assert.equal(found("www.deep.example.org"), "exact");
  assert.equal(found("a.b.deep.example.org"), "narrow");
  assert.equal(found("deep.example.org"), "wide");
  assert.equal(found("example.org"), "any");
  assert.equal(found(""), "any");
});

test("a name of a listener goes to none of another listener's routes", () => {
  const table = build(
    [server("any", ""), server("own", "www.example.org")],
    [route("wide", "any", ["*.example.org", ""]), route("own", "own", ["other.example.org"])],
  );
  assert.deepEqual(table.find("www.example.org"), {
    spec: server("own", "www.example.org"),
    value: null,
    hostname: "",
  });
  assert.equal(table.find("web.example.org")?.value, "wide");
});

test("no name, and a name that no listener has", () => {
  const table = build([server("s", "*.example.org")], [route("r", "s", ["*.example.org"])]);
  assert.equal(table.find(""), null);
  assert.equal(table.find("example.org"), null);
  assert.equal(table.find("example.net"), null);
});

test("of routes for one name the oldest holds, then the lowest name, in whatever order they come", () => {
  const routes = [
    route("b", "s", ["x.test"], 5),
    route("a", "s", ["x.test"], 5),
    route("old", "s", ["x.test"], 1),
  ];
  for (const order of [routes, routes.toReversed()]) {
    assert.equal(build([server("s", "")], order).find("x.test")?.value, "old");
    assert.equal(build([server("s", "")], order.slice(0, 2).concat(order[2]!)).find("x.test")?.value, "old");
  }
  assert.equal(build([server("s", "")], routes.slice(0, 2)).find("x.test")?.value, "a");
});
