import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_LISTENER_SETTINGS, type ListenerUnit } from "@heddle/engine/model";
import type { GatewayStatus, ListenerSetStatus, Status } from "../../compile/index.ts";
import { applyBindFailures, bindFailures, describeBindFailure } from "./bind-failures.ts";

const unit = (name: string, address: string, port: number, ids: readonly string[]): ListenerUnit => ({
  kind: "listener",
  name,
  address,
  port,
  protocol: "HTTP",
  servers: ids.map((id) => ({ id, hostname: "", tls: null })),
  settings: DEFAULT_LISTENER_SETTINGS,
});

const programmed = [{ type: "Programmed", status: "True" as const, reason: "Programmed", message: "" }];
const listener = (name: string) => ({ name, attachedRoutes: 0, supportedKinds: [], conditions: programmed });

test("a listener that could not be bound is not programmed; its Gateway is while another one is", () => {
  const key = "gateway.networking.k8s.io/Gateway/default/edge";
  const status: GatewayStatus = {
    addresses: [],
    conditions: programmed,
    listeners: [listener("http"), listener("alt")],
  };
  const statuses = new Map<typeof key, Status>([[key, status]]);
  const units = [
    { unit: unit("[::]/80", "::", 80, ["default/edge/http"]), hash: "1" },
    { unit: unit("[::]/8080", "::", 8080, ["default/edge/alt"]), hash: "2" },
  ];
  const some = bindFailures(units, [
    { name: "[::]/80", error: "EACCES" },
    { name: "[::]/8080", error: null },
  ]);
  const problems = applyBindFailures(statuses, some);
  assert.equal(problems[0]!.path, "spec.listeners[0].port");
  assert.match(
    problems[0]!.message,
    /^cannot bind \[::\]:80: ports below 1024 need a permission \(EACCES\); give another/,
  );
  const partly = statuses.get(key) as GatewayStatus;
  assert.deepEqual(
    [partly.conditions[0]!.status, ...partly.listeners.map(({ conditions }) => conditions[0]!.status)],
    ["True", "False", "True"],
  );
  applyBindFailures(statuses, bindFailures(units, [{ name: "[::]/8080", error: "EADDRINUSE" }]));
  const all = statuses.get(key) as GatewayStatus;
  assert.deepEqual(
    [all.conditions[0]!.status, all.conditions[0]!.reason, all.listeners[1]!.conditions[0]!.reason],
    ["False", "AddressNotUsable", "PortUnavailable"],
  );
});

test("a listener of a ListenerSet is told in its own status", () => {
  const key = "gateway.networking.k8s.io/ListenerSet/shop/team";
  const status: ListenerSetStatus = { conditions: programmed, listeners: [listener("http")] };
  const statuses = new Map<typeof key, Status>([[key, status]]);
  const units = [{ unit: unit("[::]/80", "::", 80, ["default/edge/shop/team/http"]), hash: "1" }];
  const problems = applyBindFailures(statuses, bindFailures(units, [{ name: "[::]/80", error: "EACCES" }]));
  assert.deepEqual(
    problems.map((problem) => [problem.key, problem.path]),
    [[key, "spec.listeners[0].port"]],
  );
  const { conditions, listeners } = statuses.get(key) as ListenerSetStatus;
  for (const one of [conditions[0]!, listeners[0]!.conditions[0]!]) {
    assert.deepEqual([one.status, one.reason], ["False", "PortUnavailable"]);
  }
});

test("each reason of the system comes with its mend", () => {
  const describe = (code: string, address = "127.0.0.1", port = 8080) =>
    describeBindFailure({ unit: unit("x", address, port, []), code });
  assert.equal(
    describe("EADDRINUSE"),
    "cannot bind 127.0.0.1:8080: the port is in use (EADDRINUSE); stop what listens on it, or give another port",
  );
  assert.match(describe("EADDRNOTAVAIL", "192.0.2.1"), /192\.0\.2\.1 is no address of this machine/);
  assert.match(describe("EAFNOSUPPORT", "::"), /no IPv6/);
  assert.match(describe("EWHATEVER"), /the system refuses it \(EWHATEVER\)/);
});
