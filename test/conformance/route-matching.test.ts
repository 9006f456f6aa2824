import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Fabric, openFabric, told, toldOfRoute } from "./fabric.ts";
import { exact, gateway, httpListener, prefix, route, rule } from "./manifests.ts";
import type { Ask } from "./send.ts";

let fabric: Fabric<"http">;

const header = (name: string, value: string, type = "Exact") => ({ headers: [{ name, value, type }] });
const param = (name: string, value: string, type = "Exact") => ({ queryParams: [{ name, value, type }] });
const hostOf = (name: string) => [`${name}.test`];

before(async () => {
  fabric = await openFabric({
    ports: ["http"],
    services: ["infra/v1", "infra/v2", "infra/v3"],
    resources: ({ http }) => [
      gateway("infra/edge", [httpListener("http", http)]),
      route("infra/simple", "edge", [{ backendRefs: [{ name: "v1", port: 8080 }] }], hostOf("simple")),
      route(
        "infra/matching",
        "edge",
        [
          rule([prefix("/"), header("version", "one")], "v1"),
          rule([prefix("/v2"), header("version", "two")], "v2"),
        ],
        hostOf("matching"),
      ),
      route(
        "infra/across-1",
        "edge",
        [rule([prefix("/"), header("version", "one")], "v1")],
        ["across.test", "across.example"],
      ),
      route(
        "infra/across-2",
        "edge",
        [rule([prefix("/v2"), header("version", "two")], "v2")],
        ["across.test"],
      ),
      route(
        "infra/exact",
        "edge",
        [rule([exact("/one")], "v1"), rule([exact("/two/")], "v2"), rule([exact("/Three")], "v3")],
        hostOf("exact"),
      ),
      route(
        "infra/order",
        "edge",
        [
          rule([prefix("/match")], "v3"),
          rule([prefix("/match/prefix/one")], "v2"),
          rule([exact("/match/exact")], "v1"),
          rule([prefix("/match/prefix/one/any")], "v1"),
          rule([prefix("/match/exact/one")], "v2"),
        ],
        hostOf("order"),
      ),
      route(
        "infra/headers",
        "edge",
        [
          rule([header("version", "one")], "v1"),
          rule([header("version", "two")], "v2"),
          rule(
            [
              {
                headers: [
                  { name: "Version", value: "two" },
                  { name: "Color", value: "orange" },
                ],
              },
            ],
            "v1",
          ),
          rule([header("color", "blue"), header("color", "green")], "v1"),
          rule(
            [
              {
                headers: [
                  { name: "twice", value: "a" },
                  { name: "Twice", value: "b" },
                ],
              },
            ],
            "v3",
          ),
          rule([header("agent", "[0-9]{2}(a|b)", "RegularExpression")], "v3"),
        ],
        hostOf("headers"),
      ),
      route(
        "infra/params",
        "edge",
        [
          rule([param("animal", "whale")], "v1"),
          rule([param("animal", "dolphin")], "v2"),
          rule(
            [
              {
                queryParams: [
                  { name: "animal", value: "dolphin" },
                  { name: "color", value: "blue" },
                ],
              },
            ],
            "v3",
          ),
          rule([{ ...prefix("/path1"), ...param("animal", "whale") }], "v2"),
          rule([{ ...header("version", "one"), ...param("animal", "whale") }], "v3"),
          rule([param("Size", "a b/c")], "v1"),
          rule([param("code", "x[0-9]+", "RegularExpression")], "v2"),
        ],
        hostOf("params"),
      ),
      route(
        "infra/methods",
        "edge",
        [
          rule([{ method: "POST" }], "v1"),
          rule([{ method: "GET" }], "v2"),
          rule([{ ...prefix("/path1"), method: "GET" }], "v1"),
          rule([{ ...prefix("/path5"), method: "PATCH" }], "v1"),
          rule([{ ...prefix("/path4"), ...header("version", "four") }], "v3"),
          rule([{ ...prefix("/path4"), method: "PATCH" }], "v2"),
        ],
        hostOf("methods"),
      ),
      route(
        "infra/regex",
        "edge",
        [
          rule([{ path: { type: "RegularExpression", value: "/(api|rest)/v[0-9]+/.*" } }], "v1"),
          rule([exact("/api/v1/exact")], "v2"),
        ],
        hostOf("regex"),
      ),
      // Of equal matches the older route has them, then the lower name; within a route the first rule.
      withAge(
        route(
          "infra/tie-a",
          "edge",
          [rule([prefix("/age")], "v1"), rule([prefix("/name")], "v1")],
          hostOf("tie"),
        ),
        5,
      ),
      withAge(
        route(
          "infra/tie-b",
          "edge",
          [rule([prefix("/age")], "v2"), rule([prefix("/only")], "v2")],
          hostOf("tie"),
        ),
        4,
      ),
      withAge(
        route(
          "infra/tie-c",
          "edge",
          [rule([prefix("/name")], "v3"), rule([prefix("/order")], "v3"), rule([prefix("/order")], "v1")],
          hostOf("tie"),
        ),
        5,
      ),
      route(
        "infra/default-match",
        "edge",
        [{ backendRefs: [{ name: "v2", port: 8080 }] }],
        hostOf("default-match"),
      ),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

function withAge<T extends { metadata: Record<string, unknown> }>(manifest: T, minute: number): T {
  const creationTimestamp = `2026-01-01T00:0${minute}:00Z`;
  return { ...manifest, metadata: { ...manifest.metadata, creationTimestamp } };
}

type Case = readonly [target: string, expected: string | number, options?: Ask];

/** Asks the host of a test, and compares who answered. */
async function expectServed(name: string, cases: readonly Case[]): Promise<void> {
  const answers = await Promise.all(
    cases.map(([target, , options]) => fabric.ask("http", target, { host: `${name}.test`, ...options })),
  );
  const describe = ([target, , options]: Case, served: string | number) =>
    `${options?.method ?? "GET"} ${target} ${JSON.stringify(options?.headers ?? {})} → ${served}`;
  assert.deepEqual(
    cases.map((one, at) => describe(one, answers[at]!.servedBy)),
    cases.map((one) => describe(one, typeof one[1] === "number" ? one[1] : `infra/${one[1]}`)),
  );
}

const withHeaders = (headers: Record<string, string | string[]>): Ask => ({ headers });

test("HTTPRouteSimpleSameNamespace: a route of the Gateway's namespace reaches its Service", async () => {
  await expectServed("simple", [
    ["/", "v1"],
    ["/any/path?x=1", "v1"],
  ]);
  const found = await fabric.read("httproutes", "infra/simple");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=True Accepted");
  assert.equal(toldOfRoute(found, "ResolvedRefs"), "ResolvedRefs=True ResolvedRefs");
  const edge = await fabric.read("gateways", "infra/edge");
  assert.equal(told(edge.status.conditions, "Accepted"), "Accepted=True Accepted");
  assert.equal(told(edge.status.conditions, "Programmed"), "Programmed=True Programmed");
});

test("HTTPRouteMatching: any of a rule's matches, all conditions of a match, paths by whole segments", async () => {
  await expectServed("matching", [
    ["/", "v1"],
    ["/example", "v1"],
    ["/", "v1", withHeaders({ Version: "one" })],
    ["/v2", "v2"],
    ["/v2/", "v2"],
    ["/v2/example", "v2"],
    ["/", "v2", withHeaders({ Version: "two" })],
    // A prefix matches whole elements only.
    ["/v2example", "v1"],
    ["/foo/v2/example", "v1"],
  ]);
});

test("HTTPRouteMatchingAcrossRoutes: rules of several routes are one set", async () => {
  await expectServed("across", [
    ["/", "v1"],
    ["/example", "v1", withHeaders({ Version: "one" })],
    ["/v2", "v2"],
    ["/v2/example", "v2"],
    ["/", "v2", withHeaders({ Version: "two" })],
    ["/v2/", "v1", { host: "across.example" }],
    ["/", "v1", { host: "across.example", headers: { Version: "two" } }],
    ["/", 404, { host: "across.net" }],
  ]);
});

test("HTTPRouteExactPathMatching: the path as it is, with its case and trailing slash", async () => {
  await expectServed("exact", [
    ["/one", "v1"],
    ["/one?query=1", "v1"],
    ["/two/", "v2"],
    ["/Three", "v3"],
    ["/", 404],
    ["/one/", 404],
    ["/one/example", 404],
    ["/two", 404],
    ["/Two/", 404],
    ["/three", 404],
  ]);
});

test("HTTPRoutePathMatchOrder: exact before prefix, longer prefix before shorter, whatever the order", async () => {
  await expectServed("order", [
    ["/match/exact/one", "v2"],
    ["/match/exact", "v1"],
    ["/match", "v3"],
    ["/match/prefix/one/any", "v1"],
    ["/match/prefix/one/two", "v2"],
    ["/match/any", "v3"],
    ["/match/prefix/one", "v2"],
  ]);
});

test("HTTPRouteHeaderMatching: names in any case, values exactly, more headers first", async () => {
  await expectServed("headers", [
    ["/", "v1", withHeaders({ VERSION: "one" })],
    ["/", "v2", withHeaders({ version: "two" })],
    ["/", "v1", withHeaders({ version: "two", color: "orange" })],
    ["/", "v1", withHeaders({ color: "blue" })],
    ["/", "v1", withHeaders({ color: "green" })],
    ["/", 404, withHeaders({ color: "orange" })],
    ["/", 404, withHeaders({ "some-other-header": "one" })],
    ["/", 404, withHeaders({ version: "One" })],
    ["/", 404],
    // Of two entries with an equivalent name the first counts.
    ["/", "v3", withHeaders({ twice: "a" })],
    ["/", 404, withHeaders({ twice: "b" })],
    ["/", "v3", withHeaders({ agent: "42a" })],
    ["/", 404, withHeaders({ agent: "x42a" })],
  ]);
});

test("HTTPRouteQueryParamMatching: names and values exactly, more parameters first, after path and headers", async () => {
  await expectServed("params", [
    ["/?animal=whale", "v1"],
    ["/?animal=dolphin", "v2"],
    ["/?animal=dolphin&color=blue", "v3"],
    ["/?color=blue&animal=dolphin", "v3"],
    ["/?animal=whale&otherparam=irrelevant", "v1"],
    ["/path1?animal=whale", "v2"],
    ["/?animal=whale", "v3", withHeaders({ version: "one" })],
    ["/", 404],
    ["/?animal=dog", 404],
    ["/?animal=whaledolphin", 404],
    ["/?Animal=whale", 404],
    ["/?animal=Whale", 404],
    ["/?Size=a%20b/c", "v1"],
    ["/?Size=a+b%2Fc", "v1"],
    ["/?code=x12", "v2"],
    ["/?code=yx12", 404],
    // Of a repeated parameter the first value counts, as the specification recommends.
    ["/?animal=whale&animal=dolphin", "v1"],
    ["/?animal=dog&animal=whale", 404],
  ]);
});

test("HTTPRouteMethodMatching: methods, before the number of headers and after the path", async () => {
  await expectServed("methods", [
    ["/", "v1", { method: "POST" }],
    ["/", "v2", { method: "GET" }],
    ["/", 404, { method: "PUT" }],
    ["/path1", "v1", { method: "GET" }],
    ["/path5", "v1", { method: "PATCH" }],
    ["/path4", "v2", { method: "PATCH", headers: { version: "four" } }],
    ["/path4", "v3", { method: "PUT", headers: { version: "four" } }],
  ]);
});

test("HTTPRouteRegularExpressionPathMatching: the whole path, below exact matches", async () => {
  await expectServed("regex", [
    ["/api/v1/x", "v1"],
    ["/rest/v22/x/y", "v1"],
    ["/api/v1/exact", "v2"],
    ["/api/v/x", 404],
    ["/x/api/v1/y", 404],
  ]);
});

test("HTTPRouteMatchPrecedenceTies: the oldest route, then the lower name, then the first rule", async () => {
  await expectServed("tie", [
    ["/age", "v2"],
    ["/name", "v1"],
    ["/order", "v3"],
    ["/only", "v2"],
    ["/none", 404],
  ]);
});

test("HTTPRouteDefaultMatch: a rule without matches takes every request", async () => {
  await expectServed("default-match", [
    ["/", "v2"],
    ["/x/y?z", "v2"],
    ["/", "v2", { method: "DELETE" }],
  ]);
});
