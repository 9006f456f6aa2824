import assert from "node:assert/strict";
import { test } from "node:test";
import type { RouteUnit } from "../model/index.ts";
import type { Router } from "./router.ts";
import { call, listenerUnit, namedRouter, request, routeUnit, value } from "./testing/units.ts";

const GRPC: [string, string][] = [["content-type", "application/grpc+proto"]];

function find(router: Router<string>, path: string, fields: [string, string][] = []): string | null {
  return router.find(request(`POST http://a.example${path}`, [...GRPC, ...fields]))?.value ?? null;
}

const any = listenerUnit("");

test("a call is matched by service and method", () => {
  const router = namedRouter(
    any,
    routeUnit(
      "r",
      {},
      [call("shop.Orders", "Get")],
      [call("shop.Orders", "")],
      [call("", "Ping")],
      [call("shop.Carts", "Add"), call("shop.Carts", "Drop")],
    ),
  );
  assert.equal(find(router, "/shop.Orders/Get"), "r#0");
  assert.equal(find(router, "/shop.Orders/List"), "r#1");
  assert.equal(find(router, "/shop.Users/Ping"), "r#2");
  assert.equal(find(router, "/shop.Carts/Drop"), "r#3");
  assert.equal(find(router, "/shop.Carts/Get"), null);
  assert.equal(find(router, "/shop.orders/Get"), null, "case counts");
  assert.equal(find(router, "/shop.Orders"), null);
  assert.equal(find(router, "/x/shop.Orders/Get"), null);
});

test("a match without service and method takes every gRPC call, and nothing else", () => {
  const router = namedRouter(any, routeUnit("r", {}, [call("", "")]));
  for (const type of [
    "application/grpc",
    "application/grpc+json",
    "application/grpc-web",
    "application/grpc-web-text",
  ])
    assert.ok(router.find(request("POST http://a/s/M", [["content-type", type]])), type);
  assert.equal(router.find(request("POST http://a/s/M")), null);
  assert.equal(router.find(request("POST http://a/s/M", [["content-type", "application/json"]])), null);
  assert.equal(router.find(request("GET http://a/s/M", GRPC)), null);
});

// GRPCRouteRule.matches of Gateway API v1.6.1: "Precedence MUST be given to the rule with the largest number of …"
test("the order is hostname, service, method, headers, age, name, rule", () => {
  const withHeaders = { headers: [value("version", "2"), value("color", "red")] };
  const first = (name: string, ...routes: RouteUnit[]) => {
    const fields: [string, string][] = [
      ["version", "2"],
      ["color", "red"],
    ];
    for (const order of [routes, [...routes].reverse()]) {
      assert.equal(find(namedRouter(any, ...order), "/shop.Orders/Get", fields), name);
    }
  };
  const old = { createdMs: 1 };
  const young = { createdMs: 2 };
  // The service counts before the method, and both before headers, whatever the age.
  first(
    "service#0",
    routeUnit("service", young, [call("shop.Orders", "")]),
    routeUnit("method", old, [call("", "Get", withHeaders)]),
  );
  first(
    "both#0",
    routeUnit("both", young, [call("shop.Orders", "Get")]),
    routeUnit("service", old, [call("shop.Orders", "", withHeaders)]),
  );
  first(
    "method#0",
    routeUnit("method", young, [call("", "Get")]),
    routeUnit("any", old, [call("", "", withHeaders)]),
  );
  first(
    "headers#0",
    routeUnit("headers", young, [call("shop.Orders", "Get", { headers: [value("version", "2")] })]),
    routeUnit("plain", old, [call("shop.Orders", "Get")]),
  );
  first("old#0", routeUnit("old", old, [call("", "")]), routeUnit("a", young, [call("", "")]));
  first("a#0", routeUnit("b", old, [call("", "")]), routeUnit("a", old, [call("", "")]));
  first("one#0", routeUnit("one", old, [call("shop.Orders", "Get")], [call("shop.Orders", "Get")]));
  first(
    "exact-host#0",
    routeUnit("exact-host", { ...young, hostnames: ["a.example"] }, [call("", "")]),
    routeUnit("wildcard", { ...old, hostnames: ["*.example"] }, [call("shop.Orders", "Get", withHeaders)]),
  );
});

test("patterns match the whole service or method, and come after exact values", () => {
  const isPattern = true;
  const router = namedRouter(
    any,
    routeUnit(
      "r",
      {},
      [call("shop\\..*", "", { isPattern })],
      [call("shop\\.Orders.*", "G.t", { isPattern })],
      [call("", "Get")],
      [call("shop.Orders", "")],
      [call("[a-z]+", "(Get|List)", { isPattern })],
    ),
  );
  assert.equal(find(router, "/shop.Orders/Get"), "r#3");
  assert.equal(find(router, "/shop.OrdersV2/Get"), "r#1", "the longer pattern");
  assert.equal(find(router, "/shop.Carts/Get"), "r#0");
  assert.equal(find(router, "/shop.OrdersV2/Gets"), "r#0");
  assert.equal(find(router, "/users/Get"), "r#4");
  assert.equal(find(router, "/users.V1/Get"), "r#2");
  assert.equal(find(router, "/users/GetAll"), null);
});

test("a pattern that cannot be used matches nothing", () => {
  const router = namedRouter(any, routeUnit("r", {}, [call("a(", "", { isPattern: true })], [call("", "")]));
  assert.equal(find(router, "/a(/M"), "r#1");
});

test("headers are asked for as in HTTPRoutes", () => {
  const router = namedRouter(
    any,
    routeUnit("r", {}, [call("", "", { headers: [value("version", "v[0-9]", "RegularExpression")] })]),
  );
  assert.equal(find(router, "/s/M", [["version", "v1"]]), "r#0");
  assert.equal(find(router, "/s/M", [["version", "v10"]]), null);
  assert.equal(find(router, "/s/M"), null);
});

test("a preflight reaches a rule that answers preflights, without the headers of its call", () => {
  const route = routeUnit(
    "r",
    {},
    [call("shop.Orders", "Get", { headers: [value("version", "2")] })],
    [call("", "")],
  );
  const cors = {
    ...route,
    rules: [{ ...route.rules[0], filters: [{ name: "cors", config: {} }] }, route.rules[1]],
  };
  const router = namedRouter(any, cors);
  const preflight = (path: string, method = "POST") =>
    router.find(
      request(`OPTIONS http://a${path}`, [
        ["origin", "https://b"],
        ["access-control-request-method", method],
      ]),
    )?.value ?? null;
  assert.equal(preflight("/shop.Orders/Get"), "r#0");
  assert.equal(preflight("/shop.Orders/List"), null);
  assert.equal(preflight("/shop.Orders/Get", "PUT"), null);
});

test("explain says why a call did not match", () => {
  const router = namedRouter(
    any,
    routeUnit(
      "r",
      {},
      [call("shop.Orders", "Get")],
      [call("shop\\..+", "X", { isPattern: true })],
      [call("", "", { headers: [value("v", "2")] })],
    ),
  );
  const reasons = (head: ReturnType<typeof request>) =>
    router.explain(head).candidates.map(({ verdict, reason }) => `${verdict} ${reason}`);
  assert.deepEqual(reasons(request("POST http://a/shop.Orders/List", GRPC)), [
    'refused method "List" is not Get',
    'refused method "List" does not match X',
    "refused header v is missing",
  ]);
  assert.match(reasons(request("GET http://a/shop.Orders/Get"))[0], /no gRPC call/);
  assert.equal(reasons(request("POST http://a/shop.Orders/Get", GRPC))[0], "matched ");
});
