import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { kindNamed, validateResource, type TrafficPolicy } from "../index.ts";

const onService = [{ kind: "Service", name: "web" }];

function validate(spec: object) {
  return validateResource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "TrafficPolicy",
    metadata: { name: "p" },
    spec: { targetRefs: onService, ...spec },
  });
}

const mistakes = (spec: object): string[] => validate(spec).problems.map(({ path }) => path);

describe("TrafficPolicy", () => {
  test("its schema is structural: each node has a type, and none has keywords that Kubernetes refuses", () => {
    const { schema } = kindNamed("TrafficPolicy").versions[0]!;
    const walk = (node: object, path: string): void => {
      const { type, properties, items } = node as Record<string, unknown>;
      const isOpen = "x-kubernetes-int-or-string" in node || "x-kubernetes-preserve-unknown-fields" in node;
      assert.ok(isOpen || typeof type === "string", `${path} has no type`);
      for (const keyword of ["$ref", "additionalItems", "definitions", "patternProperties"])
        assert.ok(!(keyword in node), `${path} has ${keyword}`);
      for (const [name, child] of Object.entries(properties ?? {})) walk(child as object, `${path}.${name}`);
      if (items !== undefined) walk(items as object, `${path}[]`);
    };
    walk(schema, "");
  });

  test("targets are of known kinds, in the group of the kind, each once", () => {
    const good = [
      { kind: "Service", name: "a", sectionName: "http" },
      { group: "", kind: "Service", name: "a" },
      { group: "heddle.dev", kind: "Backend", name: "a" },
      { group: "gateway.networking.k8s.io", kind: "Gateway", name: "a", sectionName: "l" },
      { kind: "HTTPRoute", name: "a" },
    ];
    assert.deepEqual(mistakes({ targetRefs: good }), []);
    assert.deepEqual(mistakes({ targetRefs: [] }), ["spec.targetRefs"]);
    assert.deepEqual(mistakes({ targetRefs: [{ kind: "ConfigMap", name: "a" }] }), [
      "spec.targetRefs[0].kind",
    ]);
    assert.deepEqual(mistakes({ targetRefs: [{ group: "heddle.dev", kind: "Service", name: "a" }] }), [
      "spec.targetRefs[0]",
    ]);
    assert.deepEqual(mistakes({ targetRefs: [...onService, ...onService] }), ["spec.targetRefs[1]"]);
  });

  test("a health check has defaults", () => {
    const { spec } = validate({ healthCheck: { http: {} } }).resource as TrafficPolicy;
    assert.deepEqual(spec.healthCheck, {
      http: { path: "/", expectedStatuses: ["200-399"] },
      interval: "5s",
      timeout: "1s",
      unhealthyThreshold: 3,
      healthyThreshold: 2,
    });
  });

  test("a health check asks in one way, within its interval, for what can be had", () => {
    const good = [
      { http: { path: "/healthz?full=1", host: "web.internal", expectedStatuses: [204, "200-299"] } },
      { http: { headers: [{ name: "authorization", value: "Bearer x" }], expectedBody: "ok" } },
      { grpc: { service: "a.B" }, port: 9000 },
      { tcp: {}, interval: "100ms", timeout: "100ms", jitter: "100ms" },
    ];
    for (const healthCheck of good)
      assert.deepEqual(mistakes({ healthCheck }), [], JSON.stringify(healthCheck));
    const bad: [object, string][] = [
      [{}, "spec.healthCheck"],
      [{ http: {}, tcp: {} }, "spec.healthCheck"],
      [{ tcp: {}, interval: "1s", timeout: "2s" }, "spec.healthCheck"],
      [{ tcp: {}, interval: "1s", jitter: "2s" }, "spec.healthCheck"],
      [{ tcp: {}, interval: "50ms", timeout: "10ms" }, "spec.healthCheck.interval"],
      [{ http: { path: "healthz" } }, "spec.healthCheck.http.path"],
      [{ http: { path: "/a b" } }, "spec.healthCheck.http.path"],
      [{ http: { expectedStatuses: ["299-200"] } }, "spec.healthCheck.http.expectedStatuses[0]"],
      [{ http: { expectedStatuses: [99] } }, "spec.healthCheck.http.expectedStatuses[0]"],
      [{ http: { headers: [{ name: "Host", value: "a" }] } }, "spec.healthCheck.http.headers[0]"],
      [{ http: { headers: [{ name: "a", value: "b\nc" }] } }, "spec.healthCheck.http.headers[0].value"],
      [{ http: { statuses: [200] } }, "spec.healthCheck.http.statuses"],
    ];
    for (const [healthCheck, path] of bad)
      assert.equal(mistakes({ healthCheck })[0], path, JSON.stringify(healthCheck));
  });

  test("limits have bounds, and an ejection does not end before it begins", () => {
    const good = [
      { timeouts: { connect: "1s", idle: "30s" } },
      { outlier: { consecutiveGatewayFaults: 0, baseEjectionTime: "10s", maxEjectionTime: "10s" } },
      { retryBudget: { percent: 100, minPerSecond: 0, window: "10m" } },
      { circuitBreaker: { maxConnections: 1, maxRequests: 1 } },
      { adaptiveConcurrency: {} },
      { adaptiveConcurrency: { minConcurrency: 5, maxConcurrency: 5, bufferPercent: 0 } },
    ];
    for (const spec of good) assert.deepEqual(mistakes(spec), [], JSON.stringify(spec));
    const bad: [object, string][] = [
      [{ timeouts: { connect: "1ms" } }, "spec.timeouts.connect"],
      [{ outlier: { maxEjectedPercent: 101 } }, "spec.outlier.maxEjectedPercent"],
      [{ outlier: { baseEjectionTime: "2s", maxEjectionTime: "1s" } }, "spec.outlier"],
      [{ retryBudget: { window: "100ms" } }, "spec.retryBudget.window"],
      [{ circuitBreaker: { maxRequests: 0 } }, "spec.circuitBreaker.maxRequests"],
      [{ adaptiveConcurrency: { minConcurrency: 9, maxConcurrency: 8 } }, "spec.adaptiveConcurrency"],
      [{ adaptiveConcurrency: { maxConcurrency: 2 } }, "spec.adaptiveConcurrency"],
      [{ adaptiveConcurrency: { baseInterval: "10ms" } }, "spec.adaptiveConcurrency.baseInterval"],
    ];
    for (const [spec, path] of bad) assert.equal(mistakes(spec)[0], path, JSON.stringify(spec));
  });
});
