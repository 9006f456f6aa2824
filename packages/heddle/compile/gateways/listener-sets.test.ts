import assert from "node:assert/strict";
import { test } from "node:test";
import { validateResource, type Resource } from "../../resources/index.ts";
import { compile, CompileMemo, type ListenerSetStatus } from "../index.ts";
import { maxListeners } from "./listener-sets.ts";

const options = { nowMs: 0 };
const apiVersion = "gateway.networking.k8s.io/v1";

function resource(kind: string, name: string, spec: unknown): Resource {
  const { resource: valid, problems } = validateResource({ apiVersion, kind, metadata: { name }, spec });
  assert.ok(valid !== undefined, JSON.stringify(problems));
  return valid;
}

const edge = resource("Gateway", "edge", {
  gatewayClassName: "heddle",
  allowedListeners: { namespaces: { from: "Same" } },
  listeners: [{ name: "http", protocol: "HTTP", port: 8080, hostname: "own.example" }],
});

const set = (name: string, count: number, port: number = 8080): Resource =>
  resource("ListenerSet", name, {
    parentRef: { name: "edge" },
    listeners: Array.from({ length: count }, (_, index) => ({
      name: `l${index}`,
      protocol: "HTTP",
      port,
      hostname: `l${index}.${name}.example`,
    })),
  });

const statusOf = (statuses: ReadonlyMap<string, unknown>, name: string) =>
  statuses.get(`gateway.networking.k8s.io/ListenerSet/default/${name}`) as ListenerSetStatus;

test("a Gateway takes so many listeners and no more, in the order of precedence", () => {
  const sets = Array.from({ length: maxListeners / 64 }, (_, index) =>
    set(`s${String(index).padStart(2, "0")}`, 64),
  );
  const { statuses, units } = compile({ resources: [edge, ...sets, set("t", 1)], options });
  const listener = units.toArray().find(({ unit }) => unit.kind === "listener")!.unit;
  assert.equal(listener.kind === "listener" && listener.servers.length, maxListeners);
  const last = statusOf(statuses, "s63");
  assert.equal(last.conditions[0]!.reason, "ListenersNotValid");
  assert.deepEqual(
    last.listeners.filter(({ conditions }) => conditions[0]!.status === "False").map(({ name }) => name),
    ["l63"],
  );
  assert.equal(last.listeners.at(-1)!.conditions[0]!.reason, "TooManyListeners");
  assert.match(last.listeners.at(-1)!.conditions[0]!.message, /has 4096 listeners already/);
  assert.equal(statusOf(statuses, "t").conditions[0]!.status, "False");
});

test("the change of a ListenerSet leaves the routes of others as they are", () => {
  const route = (of: string) =>
    resource("HTTPRoute", of, {
      parentRefs: [{ kind: "ListenerSet", name: of }],
      rules: [{ filters: [{ type: "RequestRedirect", requestRedirect: { port: 80 } }] }],
    });
  const memo = new CompileMemo();
  const rest = [edge, set("a", 2), route("a"), route("b")];
  const first = compile({ resources: [...rest, set("b", 1)], options }, memo);
  const second = compile({ resources: [...rest, set("b", 2)], options }, memo);
  const before = new Set(first.units);
  assert.deepEqual(
    second.units
      .toArray()
      .filter((unit) => !before.has(unit))
      .map(({ unit }) => `${unit.kind} ${unit.name}`),
    ["listener [::]/8080", "route default/b"],
  );
});
