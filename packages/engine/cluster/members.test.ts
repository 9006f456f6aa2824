import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSpec, ZoneSpec } from "../model/index.ts";
import { selectMembers } from "./members.ts";

const spec = (port: number, over: Partial<EndpointSpec> = {}): EndpointSpec => ({
  address: "10.0.0.1",
  port,
  weight: 1,
  zone: "",
  ...over,
});
const ports = (specs: readonly EndpointSpec[]) => specs.map(({ port }) => port);
const strict: ZoneSpec = {
  mode: "strict",
  spillover: "outage",
  isNodeFirst: false,
  zone: "a",
  node: "",
};

test("endpoints without weight are none", () => {
  const specs = [spec(1), spec(2, { weight: 0 })];
  assert.deepEqual(ports(selectMembers(specs, { algorithm: "random" })), [1]);
});

test("a subset has the endpoints with all of its labels", () => {
  const specs = [
    spec(1, { labels: { version: "v2", tier: "gold" } }),
    spec(2, { labels: { version: "v2" } }),
    spec(3, { labels: { version: "v1", tier: "gold" } }),
    spec(4),
  ];
  const chosen = (subset: Record<string, string>) =>
    ports(selectMembers(specs, { algorithm: "random", subset }));
  assert.deepEqual(chosen({ version: "v2" }), [1, 2]);
  assert.deepEqual(chosen({ version: "v2", tier: "gold" }), [1]);
  assert.deepEqual(chosen({ version: "v3" }), []);
  assert.deepEqual(chosen({}), [1, 2, 3, 4]);
});

test("a strict zone has the endpoints of that zone alone", () => {
  const specs = [spec(1, { zone: "a" }), spec(2, { zone: "b" }), spec(3)];
  assert.deepEqual(ports(selectMembers(specs, { algorithm: "random", zone: strict })), [1]);
});

test("a strict zone fails closed where a data plane does not know its own", () => {
  const specs = [spec(1, { zone: "a" }), spec(2)];
  const zone = { ...strict, zone: "" };
  assert.deepEqual(selectMembers(specs, { algorithm: "random", zone }), []);
});
