import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ChunkedList, listChanges, seededRandom } from "@heddle/engine/base";
import { validateResource, type Resource } from "../resources/index.ts";
import { compile, compileInSlices, CompileMemo, type CompileOutput } from "./index.ts";
import { readCase } from "./golden-case.suite.ts";

const options = { nowMs: 0 };
const gatewayApi = "gateway.networking.k8s.io/v1";

function resource(document: unknown): Resource {
  const { resource: valid, problems } = validateResource(document);
  assert.ok(valid !== undefined, JSON.stringify(problems));
  return valid;
}

const edge = resource({
  apiVersion: gatewayApi,
  kind: "Gateway",
  metadata: { name: "edge" },
  spec: { gatewayClassName: "heddle", listeners: [{ name: "http", protocol: "HTTP", port: 8080 }] },
});

const service = (name: string, namespace = "default") =>
  resource({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { ports: [{ port: 80 }] },
  });

function route(name: string, backend: string, namespace = "default", value = `/${name}`): Resource {
  return resource({
    apiVersion: gatewayApi,
    kind: "HTTPRoute",
    metadata: { name },
    spec: {
      parentRefs: [{ name: "edge" }],
      rules: [{ matches: [{ path: { value } }], backendRefs: [{ name: backend, namespace, port: 80 }] }],
    },
  });
}

const grpcRoute = (name: string, backend: string, hostnames: readonly string[]): Resource =>
  resource({
    apiVersion: gatewayApi,
    kind: "GRPCRoute",
    metadata: { name },
    spec: {
      parentRefs: [{ name: "edge" }],
      hostnames,
      rules: [{ backendRefs: [{ name: backend, port: 80 }] }],
    },
  });

const slice = (at: number, of: string): Resource =>
  resource({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `slice-${at}`, labels: { "kubernetes.io/service-name": of } },
    addressType: "IPv4",
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: [`10.0.0.${at}`] }],
  });

const hashes = ({ units }: CompileOutput) =>
  new Map(units.toArray().map(({ unit, hash }) => [`${unit.kind}:${unit.name}`, hash]));

const plain = (output: CompileOutput) => ({ ...output, statuses: new Map(output.statuses) });

test("the change of one route changes one unit, and everything else is the same object", () => {
  const memo = new CompileMemo();
  const others = Array.from({ length: 50 }, (_, index) => route(`r${index}`, `s${index % 5}`));
  const services = Array.from({ length: 5 }, (_, index) => service(`s${index}`));
  const first = compile({ resources: [edge, ...services, ...others, route("one", "s0")], options }, memo);
  const changed = route("one", "s0", "default", "/changed");
  const second = compile({ resources: [edge, ...services, ...others, changed], options }, memo);
  const before = new Set(first.units);
  assert.deepEqual(
    second.units
      .toArray()
      .filter((one) => !before.has(one))
      .map(({ unit }) => unit.name),
    ["default/one"],
  );
  const statuses = new Set(first.statuses.values());
  assert.equal([...second.statuses.values()].filter((status) => !statuses.has(status)).length, 1);
});

test("a policy that changes, comes or goes changes the unit of its target alone", () => {
  const memo = new CompileMemo();
  const policy = (request: string) =>
    resource({
      apiVersion: "heddle.dev/v1alpha1",
      kind: "TrafficPolicy",
      metadata: { name: "p" },
      spec: { targetRefs: [{ kind: "HTTPRoute", name: "r7" }], timeouts: { request } },
    });
  const base = [edge, service("s"), ...Array.from({ length: 50 }, (_, index) => route(`r${index}`, "s"))];
  let before = compile({ resources: base, options }, memo);
  for (const added of [[policy("1s")], [policy("2s")], []]) {
    const after = compile({ resources: [...base, ...added], options }, memo);
    const kept = new Set(before.units);
    assert.deepEqual(
      after.units
        .toArray()
        .filter((one) => !kept.has(one))
        .map(({ unit }) => unit.name),
      ["default/r7"],
    );
    before = after;
  }
});

test("a ReferenceGrant that is taken away closes what it opened", () => {
  const memo = new CompileMemo();
  const grant = resource({
    apiVersion: gatewayApi,
    kind: "ReferenceGrant",
    metadata: { name: "allow", namespace: "other" },
    spec: {
      from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "default" }],
      to: [{ group: "", kind: "Service" }],
    },
  });
  const base = [edge, service("web", "other"), route("web", "web", "other")];
  const clusterOf = (output: CompileOutput) =>
    output.units
      .toArray()
      .flatMap(({ unit }) => (unit.kind === "route" ? [unit.rules[0]!.backends[0]!.cluster] : []));
  const open = compile({ resources: [...base, grant], options }, memo);
  assert.deepEqual(clusterOf(open), ["service/other/web/80"]);
  const closed = compile({ resources: base, options }, memo);
  assert.deepEqual(clusterOf(closed), [null]);
  assert.deepEqual(
    [...closed.units].filter(({ unit }) => unit.kind === "cluster"),
    [],
  );
  assert.match(JSON.stringify([...closed.statuses.values()]), /RefNotPermitted/);
  assert.deepEqual(plain(compile({ resources: [...base, grant], options }, memo)), plain(open));
});

test("other options do not meet results of the old ones", () => {
  const memo = new CompileMemo();
  const resources = [edge, service("web"), route("web", "web")];
  compile({ resources, options }, memo);
  const other = compile({ resources, options: { ...options, controllerName: "example.com/other" } }, memo);
  assert.match(JSON.stringify([...other.statuses.values()]), /example.com\/other/);
});

test("an abandoned run leaves a memo that can be used", () => {
  const memo = new CompileMemo();
  const resources = [
    edge,
    service("web"),
    ...Array.from({ length: 300 }, (_, index) => route(`r${index}`, "web")),
  ];
  const slices = compileInSlices({ resources, options }, memo);
  for (let step = 0; step < 4; step++) assert.equal(slices.next().done, false);
  assert.deepEqual(
    plain(compile({ resources: resources.slice(0, 200), options }, memo)),
    plain(compile({ resources: resources.slice(0, 200), options })),
  );
});

const folder = path.join(import.meta.dirname, "testdata");
const cases = readdirSync(folder).filter((file) => file.endsWith(".in.yaml"));

test("with a memo every sequence of changes gives what a fresh compile gives, and none throws", async () => {
  const seed = 20_260_101;
  const random = seededRandom(seed);
  const memo = new CompileMemo();
  for (const file of cases) {
    const { input } = await readCase(path.join(folder, file));
    for (let round = 0; round < 6; round++) {
      const resources = [...input.resources].filter(() => random.next() < 0.8);
      const next = { ...input, resources };
      const [kept, fresh] = [compile(next, memo), compile(next)];
      assert.deepEqual(
        new Map(kept.statuses),
        new Map(fresh.statuses),
        `${file}, seed ${seed}, round ${round}`,
      );
      assert.deepEqual(hashes(kept), hashes(fresh), `${file}, seed ${seed}, round ${round}`);
      assert.deepEqual(kept.problems, fresh.problems, `${file}, seed ${seed}, round ${round}`);
    }
  }
});

test("so it does for hundreds of routes in chunks, of which few change, also when runs are abandoned", () => {
  const seed = 77;
  const random = seededRandom(seed);
  const memo = new CompileMemo();
  const pick = (count: number) => Math.floor(random.next() * count);
  const grpc = (at: number): Resource =>
    grpcRoute(`g${at}`, `s${at % 40}`, pick(4) === 0 ? [] : [`g${pick(9)}.test`]);
  const services = Array.from({ length: 40 }, (_, at) => service(`s${at}`));
  const many = Array.from({ length: 600 }, (_, at) => route(`r${at}`, `s${at % 40}`));
  let resources = ChunkedList.of<Resource>([edge, ...services, ...many, grpc(0)]);
  for (let round = 0; round < 40; round++) {
    const at = 1 + pick(resources.length - 1);
    const kind = pick(6);
    if (kind === 0) resources = resources.with(at, at + pick(3), []);
    else if (kind === 1) resources = resources.with(at, at, [grpc(1 + round)]);
    else if (kind === 2) resources = resources.with(at, at, [service(`s${pick(40)}`)]);
    else if (kind === 3) resources = resources.with(at, at + pick(2), [slice(round, `s${pick(40)}`)]);
    else resources = resources.with(at, at + pick(2), [route(`n${round}`, `s${pick(50)}`)]);
    if (pick(8) === 0) {
      const slices = compileInSlices({ resources, options }, memo);
      for (let step = pick(30); step > 0; step--) slices.next();
      continue;
    }
    const [kept, fresh] = [
      compile({ resources, options }, memo),
      compile({ resources: resources.toArray(), options }),
    ];
    const where = `seed ${seed}, round ${round}`;
    assert.deepEqual(new Map(kept.statuses), new Map(fresh.statuses), where);
    assert.deepEqual(hashes(kept), hashes(fresh), where);
    assert.deepEqual(kept.problems, fresh.problems, where);
    const again = compile({ resources, options }, memo);
    assert.deepEqual(listChanges(kept.units, again.units), { gone: [], come: [] }, where);
  }
});

test("every cluster that a route names has its units, and every secret that a listener names", async () => {
  for (const file of cases) {
    const { input } = await readCase(path.join(folder, file));
    const units = compile(input).units.toArray();
    const names = new Set(units.map(({ unit }) => `${unit.kind}:${unit.name}`));
    const text = JSON.stringify(units.map(({ unit }) => unit));
    for (const [, cluster] of text.matchAll(/"cluster":"([^"]+)"/g)) {
      assert.ok(names.has(`cluster:${cluster}`) && names.has(`endpoints:${cluster}`), `${file}: ${cluster}`);
    }
    const secrets = units.flatMap(({ unit }) =>
      unit.kind === "listener" ? unit.servers.flatMap(({ tls }) => tls?.certificates ?? []) : [],
    );
    for (const secret of secrets) assert.ok(names.has(`secret:${secret}`), `${file}: ${secret}`);
  }
});

test("no message of a status or a problem holds a private key", async () => {
  for (const file of cases) {
    const { input } = await readCase(path.join(folder, file));
    const { statuses, problems } = compile(input);
    assert.doesNotMatch(JSON.stringify([...statuses.values(), problems]), /PRIVATE KEY/, file);
  }
});
