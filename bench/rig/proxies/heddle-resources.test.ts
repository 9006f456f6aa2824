import assert from "node:assert";
import { test } from "node:test";
import { heddleResources, httpRoute, toYaml } from "./heddle-resources.ts";

test("a resource is written as block YAML, its scalars as JSON", () => {
  const expected = `---
apiVersion: "gateway.networking.k8s.io/v1"
kind: "HTTPRoute"
metadata:
  name: "all"
  namespace: "default"
spec:
  parentRefs:
    - name: "bench"
  hostnames:
    - "localhost"
  rules:
    - matches:
        - path:
            type: "PathPrefix"
            value: "/"
      backendRefs:
        - name: "upstream"
          port: 80
`;
  assert.equal(toYaml([httpRoute("all", "/")]), expected);
});

test("a key with a slash is quoted", () => {
  assert.match(
    toYaml([{ "kubernetes.io/service-name": "a" }]),
    /^---\n"kubernetes\.io\/service-name": "a"\n$/,
  );
});

test("10,000 routes are 10,000 HTTPRoutes, each with its own prefix", () => {
  const resources = heddleResources({
    port: 1,
    upstreamPort: 2,
    carries: "http1",
    tls: undefined,
    routes: 10_000,
  });
  const routes = resources.filter((resource) => "kind" in resource && resource.kind === "HTTPRoute");
  assert.equal(routes.length, 10_000);
  assert.equal(new Set(routes.map((route) => JSON.stringify(route))).size, 10_000);
});

test("HTTP/2 to the upstream is asked for by appProtocol, TCP by a listener and a route of its own", () => {
  const kinds = (carries: "h2" | "grpc" | "tcp"): Record<string, object> =>
    Object.fromEntries(
      heddleResources({ port: 1, upstreamPort: 2, carries, tls: undefined, routes: 1 }).map((resource) => [
        (resource as { kind: string }).kind,
        resource,
      ]),
    );
  assert.match(JSON.stringify(kinds("h2").Service), /"appProtocol":"kubernetes.io\/h2c"/);
  assert.ok(kinds("grpc").GRPCRoute);
  const tcp = kinds("tcp");
  assert.ok(tcp.TCPRoute);
  assert.equal(tcp.HTTPRoute, undefined);
  assert.match(JSON.stringify(tcp.Gateway), /"listeners":\[{"name":"main","port":1,"protocol":"TCP"}\]/);
  assert.doesNotMatch(JSON.stringify(tcp.Service), /appProtocol/);
});
