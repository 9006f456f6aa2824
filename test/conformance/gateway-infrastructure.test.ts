import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, type Fabric, openFabric, type ReadResource, told } from "./fabric.ts";
import { gateway, httpListener, prefix, route, rule, service, to } from "./manifests.ts";

type Port = "http" | "more";
let fabric: Fabric<Port>;

const labels = { "example.com/team": "edge", stage: "test" };
const annotations = { "example.com/contact": "someone, somewhere" };

before(async () => {
  fabric = await openFabric<Port>({
    ports: ["http", "more"],
    services: ["infra/v1"],
    args: ["--address-pool", "127.84.0.0/16"],
    resources: (ports) => [
      gateway("infra/marked", [httpListener("http", ports.http)], {
        infrastructure: { labels, annotations },
      }),
      route("infra/marked", "marked", [rule([prefix("/")], "v1")]),
      gateway("infra/rival", [httpListener("http", ports.http)]),
      service("infra/rival-heddle"),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

interface ReadService {
  metadata: {
    name: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
    creationTimestamp?: string;
    ownerReferences?: { kind: string; name: string; uid: string }[];
  };
  spec: { ports: { port: number; protocol: string; appProtocol?: string }[] };
  status?: { loadBalancer: { ingress: { ip: string }[] } };
}

const services = "/api/v1/namespaces/infra/services";

async function servicesOf(gatewayName: string): Promise<ReadService[]> {
  const selector = encodeURIComponent(`gateway.networking.k8s.io/gateway-name=${gatewayName}`);
  const answer = await fetch(`${fabric.heddle.api}${services}?labelSelector=${selector}`);
  assert.equal(answer.status, 200);
  return ((await answer.json()) as { items: ReadService[] }).items;
}

function assertContains(all: Record<string, string>, some: Record<string, string>): void {
  for (const [key, value] of Object.entries(some)) assert.equal(all[key], value, key);
}

test("GatewayInfrastructure: what is generated has the labels and annotations of spec.infrastructure", async () => {
  const read = await fabric.read("gateways", "infra/marked");
  assert.equal(told(read.status.conditions, "Accepted"), "Accepted=True Accepted");
  const [found, ...more] = await servicesOf("marked");
  assert.ok(found);
  assert.deepEqual(more, []);
  assert.equal(found.metadata.name, "marked-heddle");
  assertContains(found.metadata.labels, labels);
  assertContains(found.metadata.annotations ?? {}, annotations);
  assert.deepEqual(
    found.metadata.ownerReferences!.map(({ kind, name }) => `${kind} ${name}`),
    ["Gateway marked"],
  );
  const owner = await fetch(
    `${fabric.heddle.api}/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/marked`,
  );
  const { metadata } = (await owner.json()) as { metadata: { uid: string; creationTimestamp: string } };
  assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
  assert.equal(found.metadata.ownerReferences![0]!.uid, metadata.uid);
  assert.ok(Date.parse(metadata.creationTimestamp) <= Date.parse(found.metadata.creationTimestamp!));
  assert.deepEqual(
    found.spec.ports.map(({ port, appProtocol }) => [port, appProtocol]),
    [[fabric.ports.http, "http"]],
  );
  assert.deepEqual(
    found.status!.loadBalancer.ingress.map(({ ip }) => ip),
    read.status.addresses.map(({ value }) => value),
  );
});

test("GatewayInfrastructureReadOnly: what is generated cannot be written, and is no backend", async () => {
  const url = `${fabric.heddle.api}${services}/marked-heddle`;
  for (const method of ["PUT", "PATCH", "DELETE"]) {
    const answer = await fetch(url, { method });
    assert.equal(answer.status, 403);
    const { message } = (await answer.json()) as { message: string };
    assert.match(message, /generated for Gateway infra\/marked and follows it/);
  }
  fabric.put("loop", [route("infra/loop", "rival", [{ backendRefs: [to("marked-heddle")] }])]);
  await eventually(async () => {
    const { status } = await fabric.read<ReadResource>("httproutes", "infra/loop");
    assert.equal(told(status.parents[0]!.conditions, "ResolvedRefs"), "ResolvedRefs=False BackendNotFound");
  });
  fabric.remove("loop");
});

test("GatewayInfrastructureNameTaken: a declared Service keeps its name, and the Gateway says so", async () => {
  assert.deepEqual(await servicesOf("rival"), []);
  const { status } = await fabric.read("gateways", "infra/rival");
  assert.equal(told(status.conditions, "Programmed"), "Programmed=True Programmed");
  assert.equal(
    told(status.conditions, "heddle.dev/ServiceGenerated"),
    "heddle.dev/ServiceGenerated=False NameTaken",
  );
});

test("GatewayInfrastructureChange: what is generated follows the Gateway, and goes with it", async () => {
  const put = (more: Record<string, unknown>, port: number) =>
    fabric.put("changing", [gateway("infra/changing", [httpListener("http", port)], more)]);
  put({ infrastructure: { labels: { stage: "one" } } }, fabric.ports.http);
  await eventually(async () =>
    assert.equal((await servicesOf("changing"))[0]?.metadata.labels["stage"], "one"),
  );
  put({ infrastructure: { labels: { stage: "two" } } }, fabric.ports.more);
  await eventually(async () => {
    const [found] = await servicesOf("changing");
    assert.equal(found?.metadata.labels["stage"], "two");
    assert.equal(found.spec.ports[0]!.port, fabric.ports.more);
  });
  fabric.remove("changing");
  await eventually(async () => assert.deepEqual(await servicesOf("changing"), []));
});
