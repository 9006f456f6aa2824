import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { measureCpuMs } from "@heddle/testkit";
import * as fc from "fast-check";
import { maxProblems } from "./problem.ts";
import { kinds } from "./registry.ts";
import type { HTTPRoute, Resource, ResourceInput } from "./index.ts";
import { unknownKindRule, validateResource } from "./validate.ts";

const route = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "r" },
  spec: {},
};

function problemsOf(document: unknown) {
  return validateResource(document).problems.map(({ path, message }) => `${path}: ${message}`);
}

function withMetadata(metadata: unknown, document: object = route) {
  return { ...document, metadata };
}

describe("validateResource", () => {
  test("applies defaults to a copy", () => {
    const document = structuredClone(route);
    const { resource, problems } = validateResource(document);
    assert.deepEqual(problems, []);
    assert.deepEqual((resource as HTTPRoute).spec.rules, [
      { matches: [{ path: { type: "PathPrefix", value: "/" } }] },
    ]);
    assert.deepEqual(document, route);
  });

  test("two resources share no default", () => {
    const rules = () => (validateResource(route).resource as HTTPRoute).spec.rules;
    assert.notEqual(rules(), rules());
    assert.notEqual(rules()[0], rules()[0]);
  });

  test("drops null where a field may be absent, and defaults it where there is a default", () => {
    const { resource, problems } = validateResource({ ...route, spec: { rules: null, hostnames: null } });
    assert.deepEqual(problems, []);
    assert.deepEqual(Object.keys((resource as HTTPRoute).spec), ["rules"]);
  });

  test("keeps a document of another served version as the preferred one", () => {
    const { resource } = validateResource({ ...route, apiVersion: "gateway.networking.k8s.io/v1beta1" });
    assert.equal(resource?.apiVersion, "gateway.networking.k8s.io/v1");
  });

  test("drops status unless asked to keep it", () => {
    const document = { ...route, status: { parents: "wrong" } };
    assert.deepEqual(validateResource(document).problems, []);
    const kept = validateResource(document, { keepsStatus: true });
    assert.equal(kept.resource, undefined);
    assert.equal(kept.problems[0]?.path, "status.parents");
  });

  test("says what is wrong, where, and what mends it", () => {
    const spec = {
      hostnames: ["Shop.example.com:80"],
      rules: [
        { matches: [{ path: { type: "Prefix" } }], backendRefs: [{ name: "a", port: 70000 }, { port: 1 }] },
        { timeouts: { request: 10 }, name: "" },
      ],
    };
    assert.deepEqual(problemsOf({ ...route, spec }), [
      'spec.hostnames[0]: must be a host name such as shop.example.com or *.example.com, without port, lower case, got "Shop.example.com:80"',
      'spec.rules[0].matches[0].path.type: must be one of Exact, PathPrefix, RegularExpression, got "Prefix"',
      "spec.rules[0].backendRefs[0].port: must be between 1 and 65535, got 70000",
      "spec.rules[0].backendRefs[1].name: is required; give the name of a resource",
      "spec.rules[1].timeouts.request: must be a duration such as 500ms, 10s or 1m30s, got 10",
      'spec.rules[1].name: must not be empty; give a name of lower-case letters, digits, "-" and "."',
    ]);
  });

  test("names the rule that is broken, and the item that breaks it", () => {
    const { problems } = validateResource({ ...route, spec: { rules: [{ name: "a" }, {}, { name: "a" }] } });
    assert.deepEqual(problems, [
      {
        path: "spec.rules[2]",
        message: "Rule name must be unique within the route",
        severity: "error",
        rule: "rule-name-unique",
      },
    ]);
  });

  test("an unknown field is dropped and told apart from an error, with the field that was meant", () => {
    const { resource, problems } = validateResource({ ...route, spec: { hostname: ["a"], parentRefs: [] } });
    assert.deepEqual(problems, [
      {
        path: "spec.hostname",
        message: 'unknown field "hostname"; did you mean "hostnames"?',
        severity: "unknown-field",
      },
    ]);
    assert.deepEqual(Object.keys((resource as HTTPRoute).spec), ["parentRefs", "rules"]);
  });

  test("a field that Gateway API routes have no schema for is unknown at any depth", () => {
    const spec = { rules: [{ backendRefs: [{ name: "a", port: 1, wieght: 2 }] }] };
    assert.deepEqual(problemsOf({ ...route, spec }), [
      'spec.rules[0].backendRefs[0].wieght: unknown field "wieght"; did you mean "weight"?',
    ]);
  });

  test("an unchangeable field may not change", () => {
    const gatewayClass = (controllerName: string) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "c" },
      spec: { controllerName },
    });
    const old: Resource = validateResource(gatewayClass("a.b/c")).resource!;
    assert.deepEqual(validateResource(gatewayClass("a.b/c"), { old }).problems, []);
    assert.deepEqual(validateResource(gatewayClass("a.b/d"), { old }).problems, [
      {
        path: "spec.controllerName",
        message: "Value is immutable",
        severity: "error",
        rule: "immutable",
      },
    ]);
  });
});

test("what a user writes is typed, with defaults left open", () => {
  const written: ResourceInput = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "r" },
    spec: { rules: [{ backendRefs: [{ name: "a", port: 80 }] }] },
  };
  assert.deepEqual(validateResource(written).problems, []);
  // @ts-expect-error a field that does not exist
  const misspelt: ResourceInput = { ...written, spec: { hostname: ["a"] } };
  assert.equal(validateResource(misspelt).problems.length, 1);
});

describe("metadata", () => {
  test("the namespace is default where none is given", () => {
    for (const namespace of [undefined, null, ""])
      assert.equal(
        validateResource(withMetadata({ name: "r", namespace })).resource?.metadata.namespace,
        "default",
      );
  });

  test("a kind without namespaces takes none", () => {
    const space = { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } };
    assert.equal(validateResource(space).resource?.metadata.namespace, undefined);
    assert.deepEqual(problemsOf(withMetadata({ name: "n", namespace: "x" }, space)), [
      "metadata.namespace: must not be given: Namespace is in no namespace; remove it",
    ]);
  });

  test("what a resource says of itself is kept, what an API server adds is dropped", () => {
    const kept = {
      name: "r",
      namespace: "n",
      labels: { "app.io/name": "x" },
      annotations: { a: "b\nc" },
      creationTimestamp: "2026-01-31T12:00:00Z",
      generation: 3,
      resourceVersion: "12",
      uid: "u",
    };
    const added = { managedFields: [{ manager: "kubectl" }], ownerReferences: [{}], selfLink: "/x" };
    const { resource, problems } = validateResource(withMetadata({ ...kept, ...added }));
    assert.deepEqual(problems, []);
    assert.deepEqual(resource?.metadata, kept);
  });

  const names: [name: string, document: object, isGood: boolean][] = [
    ["a.b-c.9", route, true],
    ["x".repeat(253), route, true],
    ["x".repeat(254), route, false],
    ["A", route, false],
    ["a_b", route, false],
    ["-a", route, false],
    ["a.", route, false],
    ["a/b", route, false],
    ["..", route, false],
    ["", route, false],
    ["a.b", { apiVersion: "v1", kind: "Namespace" }, false],
    ["9a", { apiVersion: "v1", kind: "Namespace" }, true],
    ["9a", { apiVersion: "v1", kind: "Service", spec: { ports: [{ port: 1 }] } }, false],
    ["a9", { apiVersion: "v1", kind: "Service", spec: { ports: [{ port: 1 }] } }, true],
  ];
  for (const [name, document, isGood] of names) {
    test(`the name ${name.slice(0, 20)} of ${(document as { kind: string }).kind} is ${isGood ? "good" : "refused"}`, () => {
      const { resource, problems } = validateResource(withMetadata({ name }, document));
      assert.equal(resource !== undefined, isGood);
      if (!isGood) assert.equal(problems[0]?.path, "metadata.name");
    });
  }

  test("namespace, labels and annotations have the form that Kubernetes asks for", () => {
    const bad = [
      { namespace: "a.b" },
      { labels: { "a b": "c" } },
      { labels: { a: "b c" } },
      { labels: { a: "x".repeat(64) } },
      { labels: { version: 1 } },
      { annotations: { "a/b/c": "" } },
      { annotations: { a: "x".repeat(256 * 1024) } },
      { creationTimestamp: "yesterday" },
      { generation: "1" },
    ];
    for (const metadata of bad)
      assert.equal(
        validateResource(withMetadata({ name: "r", ...metadata })).resource,
        undefined,
        Object.keys(metadata)[0],
      );
  });
});

describe("a document that is no resource", () => {
  test("says which field is missing", () => {
    assert.deepEqual(problemsOf({}), [
      "apiVersion: is required; give a string such as gateway.networking.k8s.io/v1",
      "kind: is required; give a string such as HTTPRoute",
    ]);
    assert.deepEqual(problemsOf({ ...route, metadata: undefined }), [
      "metadata: is required; give an object such as { name: … }",
    ]);
    assert.deepEqual(problemsOf("text"), [": must be an object with apiVersion, kind and metadata"]);
  });

  test("of an unknown kind or version is marked as such, with what was meant", () => {
    const misspelt = validateResource({ ...route, kind: "HttpRoute" }).problems[0];
    assert.equal(misspelt?.message, 'unknown kind "HttpRoute"; did you mean HTTPRoute?');
    const foreign = validateResource({ apiVersion: "networking.k8s.io/v1", kind: "Ingress" }).problems[0];
    assert.equal(foreign?.message, 'unknown kind "Ingress"; Heddle has HTTPRoute for that');
    const other = validateResource({ apiVersion: "apps/v1", kind: "Deployment" }).problems[0];
    assert.match(
      other!.message,
      /^unknown kind "Deployment"; known are GatewayClass, .*HTTPRoute, .*TrafficPolicy/,
    );
    const version = validateResource({ ...route, apiVersion: "gateway.networking.k8s.io/v2" }).problems[0];
    assert.equal(
      version?.message,
      "HTTPRoute is not known in gateway.networking.k8s.io/v2; use gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1",
    );
    assert.deepEqual([misspelt?.rule, version?.rule], [unknownKindRule, unknownKindRule]);
  });
});

describe("hostile documents", () => {
  test("__proto__ is refused wherever it is, and changes no prototype", () => {
    const texts = [
      '{"__proto__": {"polluted": 1}}',
      '{"metadata": {"name": "r", "__proto__": {"polluted": 1}}}',
      '{"metadata": {"name": "r", "labels": {"__proto__": "x"}}}',
      '{"spec": {"rules": [{"__proto__": {"polluted": 1}}]}}',
    ];
    for (const text of texts) {
      // Assigned as own properties, as JSON.parse makes them.
      const document: unknown = JSON.parse(JSON.stringify(route).replace(/\}$/, `,${text.slice(1)}`));
      const { resource, problems } = validateResource(document);
      assert.equal(resource, undefined, text);
      assert.match(problems[0]!.message, /__proto__/);
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    }
  });

  test("names of inherited properties are no fields", () => {
    for (const key of ["constructor", "toString", "hasOwnProperty"]) {
      const { problems } = validateResource({ ...route, spec: { [key]: {} } });
      assert.equal(problems[0]?.severity, "unknown-field", key);
    }
    assert.equal(validateResource({ apiVersion: "constructor", kind: "__proto__" }).resource, undefined);
  });

  test("a heap of problems is cut, and an error among them is not lost", () => {
    const unknown = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]));
    const { resource, problems } = validateResource({ ...route, spec: { ...unknown, rules: "wrong" } });
    assert.equal(resource, undefined);
    assert.equal(problems.length, maxProblems);
    assert.equal(problems.at(-1)?.path, "spec.rules");
  });

  test("a value that sends a backtracking expression astray is refused at once", async () => {
    const value = `${"a".repeat(4000)}\u0000`;
    const spec = { rules: [{ matches: [{ headers: [{ name: "x", value }] }] }] };
    const spentMs = await measureCpuMs(() =>
      assert.equal(validateResource({ ...route, spec }).resource, undefined),
    );
    assert.ok(spentMs < 1000);
  });

  test("a value that is nested without bound is refused wherever it is", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 200_000; depth++) deep = depth % 2 === 0 ? [deep] : { name: deep };
    const rule = (filter: object) => ({ rules: [{ filters: [filter] }] });
    const documents = [
      { ...route, spec: [deep] },
      { ...route, metadata: deep },
      { ...route, metadata: { name: deep, labels: deep, annotations: { a: deep } } },
      { ...route, spec: { hostnames: deep, rules: deep, parentRefs: [deep] } },
      { ...route, spec: { hostnames: [deep] } },
      { ...route, spec: rule({ type: "CORS", cors: { allowHeaders: [deep, deep], allowMethods: [deep] } }) },
      {
        ...route,
        spec: rule({
          type: "RequestHeaderModifier",
          requestHeaderModifier: { add: [{ name: deep, value: deep }] },
        }),
      },
      { ...route, apiVersion: deep },
    ];
    for (const document of documents) assert.equal(validateResource(document).resource, undefined);
    const withServerFields = {
      ...route,
      metadata: { name: "r", managedFields: [deep], ownerReferences: [deep] },
    };
    assert.deepEqual(validateResource(withServerFields).problems, []);
  });

  test("nothing makes it throw", () => {
    const field = fc.constantFrom(
      "metadata",
      "spec",
      "rules",
      "matches",
      "labels",
      "name",
      "status",
      "__proto__",
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6, depthSize: "medium" },
        fc.constantFrom<unknown>(null, undefined, "", "a", 0, 1, Number.NaN, true, [], {}),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(field, tie("value"), { maxKeys: 4 }),
      ),
    }));
    const property = fc.property(fc.constantFrom(...kinds), value, (kind, rest) => {
      const document = { apiVersion: kind.apiVersion, kind: kind.kind, ...(rest as object) };
      const result = validateResource(document);
      assert.equal(
        result.resource === undefined,
        result.problems.some(({ severity }) => severity === "error"),
      );
    });
    fc.assert(property, { seed: 20260131, numRuns: 1000 });
  });
});
