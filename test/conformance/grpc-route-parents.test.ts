/** How GRPCRoutes meet Gateways: the tables of the API's own suite for it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Fabric, listenerOf, openFabric, told } from "./fabric.ts";
import {
  EchoClient,
  echoService,
  openGrpcEcho,
  status,
  type CallOptions,
  type GrpcEcho,
} from "./grpc-echo.ts";
import { endpoint, gateway, httpListener, type Manifest, route, service, to } from "./manifests.ts";

const ports = ["exact", "wildcard", "one", "other"] as const;
type Port = (typeof ports)[number];
let fabric: Fabric<Port>;
let echoes: GrpcEcho[];

/** `day`: of January 2026, when it was made. */
function grpcRoute(
  name: string,
  parents: readonly Port[],
  backend: string,
  { hostname, method, day = 1 }: { hostname?: string; method?: string; day?: number },
): Manifest {
  const matches = method === undefined ? {} : { matches: [{ method: { service: echoService, method } }] };
  const parentRefs = parents.map((parent) => ({ name: parent }));
  const hostnames = hostname === undefined ? [] : [hostname];
  const made = route(`infra/${name}`, parentRefs, [{ ...matches, backendRefs: [to(backend)] }], hostnames);
  const metadata = { ...made.metadata, creationTimestamp: `2026-01-0${day}T00:00:00Z` };
  return { ...made, kind: "GRPCRoute", metadata };
}

before(async () => {
  echoes = await Promise.all(["v1", "v2", "v3"].map((name) => openGrpcEcho(name)));
  const allowed = { allowedRoutes: { kinds: [{ kind: "GRPCRoute" }] } };
  fabric = await openFabric<Port>({
    ports,
    resources: (at) => [
      ...echoes.flatMap(({ name, port }) => [service(`infra/${name}`), endpoint(`infra/${name}`, port)]),
      gateway("infra/exact", [httpListener("http", at.exact, { hostname: "abc.example.com", ...allowed })]),
      gateway("infra/wildcard", [
        httpListener("http", at.wildcard, { hostname: "*.example.com", ...allowed }),
      ]),
      gateway("infra/one", [httpListener("http", at.one)]),
      gateway("infra/other", [httpListener("http", at.other)]),
      grpcRoute("exact-older", ["exact"], "v1", { hostname: "*.example.com" }),
      grpcRoute("exact-newer", ["exact"], "v2", { hostname: "abc.example.com", day: 5 }),
      grpcRoute("wildcard-older", ["wildcard"], "v1", { hostname: "*.com" }),
      grpcRoute("wildcard-newer", ["wildcard"], "v2", { hostname: "*.example.com", day: 5 }),
      grpcRoute("shared", ["one", "other"], "v1", { method: "Echo" }),
      grpcRoute("of-one", ["one"], "v2", { method: "EchoTwo" }),
      grpcRoute("of-other", ["other"], "v3", { method: "EchoTwo" }),
    ],
  });
});
after(async () => {
  await fabric[Symbol.asyncDispose]();
  for (const echo of echoes) echo.close();
});

async function ask(port: Port, options: CallOptions = {}): Promise<string> {
  const client = new EchoClient(fabric.ports[port], "abc.example.com");
  const { code, reply } = await client.call({}, options);
  client.close();
  return reply?.servedBy ?? status[code]!;
}

test("GRPCRouteMultipleRoutesAttachmentSameHostnameIntersection: a route's own name counts before its age", async () => {
  for (const port of ["exact", "wildcard"] as const) {
    for (const age of ["older", "newer"]) {
      const { parents } = (await fabric.read("grpcroutes", `infra/${port}-${age}`)).status;
      assert.equal(told(parents[0]!.conditions, "Accepted"), "Accepted=True Accepted");
    }
    assert.equal(await ask(port), "v2", port);
  }
});

test("GRPCRouteMultipleGateways: a shared route is at both, the others at their own alone", async () => {
  const { parents } = (await fabric.read("grpcroutes", "infra/shared")).status;
  assert.deepEqual(
    parents.map(({ parentRef, conditions }) => [parentRef.name, told(conditions, "Accepted")]),
    [
      ["one", "Accepted=True Accepted"],
      ["other", "Accepted=True Accepted"],
    ],
  );
  for (const [port, own] of [
    ["one", "v2"],
    ["other", "v3"],
  ] as const) {
    assert.equal(await ask(port), "v1", port);
    assert.equal(await ask(port, { method: "EchoTwo" }), own, port);
    const found = await fabric.read("gateways", `infra/${port}`);
    assert.equal(listenerOf(found, "http").attachedRoutes, 2);
  }
});
