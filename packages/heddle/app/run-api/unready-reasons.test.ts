import { ChunkedList } from "@heddle/engine/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LISTENER_SETTINGS, type ListenerUnit } from "@heddle/engine/model";
import { unreadyReasons } from "./unready-reasons.ts";

function applied(failed: readonly string[]) {
  const unit = (name: string, ids: readonly string[]): ListenerUnit => ({
    kind: "listener",
    name,
    address: "::",
    port: 80,
    protocol: "HTTP",
    servers: ids.map((id) => ({ id, hostname: "", tls: null })),
    settings: DEFAULT_LISTENER_SETTINGS,
  });
  const units = [
    unit("gateway", ["infra/edge/http"]),
    unit("both", ["infra/edge/team/set/http", "infra/edge/http"]),
    unit("set", ["infra/edge/team/set/odd"]),
  ];
  return {
    units: ChunkedList.of(units.map((one) => ({ unit: one, hash: one.name }))),
    listeners: units.map(({ name }) => ({ name, error: failed.includes(name) ? "EACCES" : null })),
  };
}

test("ready with every listener bound; not before it has started, nor while draining", () => {
  assert.deepEqual(unreadyReasons({ applied: applied([]) as never, phase: "serving" }), []);
  assert.deepEqual(unreadyReasons({ applied: null, phase: "starting" }), [
    "no configuration is in force yet",
  ]);
  assert.deepEqual(unreadyReasons({ applied: applied([]) as never, phase: "starting" }), ["starting"]);
  assert.deepEqual(unreadyReasons({ applied: applied([]) as never, phase: "draining" }), ["draining"]);
});

test("a port that only a ListenerSet asks for takes nobody else's traffic away", () => {
  assert.deepEqual(unreadyReasons({ applied: applied(["set"]) as never, phase: "serving" }), []);
  assert.deepEqual(unreadyReasons({ applied: applied(["gateway", "both"]) as never, phase: "serving" }), [
    "listener gateway: EACCES",
    "listener both: EACCES",
  ]);
});
