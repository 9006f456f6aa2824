import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { openEchoServer } from "@heddle/testkit";
import type { FilterFactory } from "../filter/index.ts";
import type { ClusterUnit, EndpointsUnit, Unit } from "../model/index.ts";
import {
  ANY_HOST,
  defaultRule,
  endpoint,
  Gateway,
  get,
  readResponse,
  routeUnit,
  unitsOf,
} from "./gateway.suite.ts";
import { HeldUnits } from "./held-units.ts";
import { PlaneClusters } from "./plane-clusters.ts";

/** Notes the rules that are built: each creates its filters. */
function buildCounter(): { factory: FilterFactory; taken(): unknown[] } {
  let built: unknown[] = [];
  const factory: FilterFactory = {
    name: "counted",
    create(config) {
      built.push(config);
      return { name: "counted" };
    },
  };
  const taken = (): unknown[] => {
    const some = built;
    built = [];
    return some;
  };
  return { factory, taken };
}

const countedRoute = (name: string, path: string, cluster: string): Unit =>
  routeUnit(
    `default/${name}`,
    [ANY_HOST],
    [
      defaultRule({
        matches: [{ path: { type: "PathPrefix", value: path }, method: "", headers: [], queryParams: [] }],
        filters: [{ name: "counted", config: name }],
        backends: [{ cluster, weight: 1, filters: [], status: 500 }],
      }),
    ],
  );

function clusterUnits(name: string, port: number): Unit[] {
  const base = unitsOf({ endpoints: [] }).find(({ kind }) => kind === "cluster") as ClusterUnit;
  const endpoints: EndpointsUnit = { kind: "endpoints", name, endpoints: [endpoint(port)] };
  return [{ ...base, name, endpoints: name }, endpoints];
}

test("a change builds the rules of the routes that changed, and of those whose clusters are others", async () => {
  await using upstream = await openEchoServer();
  const { factory, taken } = buildCounter();
  const shared = unitsOf({ endpoints: [upstream.port] });
  const routes = Array.from({ length: 50 }, (_, at) =>
    countedRoute(`r${at}`, `/r${at}`, at < 3 ? "other" : "app"),
  );
  const other = clusterUnits("other", upstream.port);
  await using gateway = await Gateway.open([...shared, ...other, ...routes], { filters: [factory] });
  const statusOf = async (path: string): Promise<number> => {
    await using client = await gateway.connect();
    client.send(get(path, "Connection: close\r\n"));
    return (await readResponse(client)).status;
  };
  assert.equal(taken().length, 50);

  const changed = routes.with(7, countedRoute("r7", "/moved", "app"));
  await gateway.apply([...shared, ...other, ...changed]);
  assert.deepEqual(taken(), ["r7"]);
  assert.deepEqual([await statusOf("/moved"), await statusOf("/r8"), await statusOf("/r0")], [200, 200, 200]);

  await gateway.apply([...shared, ...clusterUnits("unused", upstream.port), ...other, ...changed]);
  assert.deepEqual(taken(), [], "a cluster that no route names");

  await gateway.apply([...shared, ...changed]);
  assert.deepEqual(taken(), [], "a cluster is there until the swap without it");
  await gateway.apply([...shared, ...other, ...changed]);
  assert.deepEqual(taken(), ["r0", "r1", "r2"], "one of the same name that is opened anew is another");
  assert.deepEqual([await statusOf("/r0"), await statusOf("/moved")], [200, 200]);

  await gateway.apply([...shared, ...other, ...changed.slice(1)]);
  assert.deepEqual(taken(), []);
  await gateway.apply([...shared, ...other, ...changed.slice(1), routes[0]]);
  assert.deepEqual(taken(), ["r0"]);
});

test("a route that comes and goes with a cluster of its own looks at no other unit, and is served by it", async (t) => {
  await using upstream = await openEchoServer();
  const { factory, taken } = buildCounter();
  const shared = unitsOf({ endpoints: [upstream.port] }).filter(({ kind }) => kind !== "route");
  const early = countedRoute("early", "/early", "own");
  const units = [...shared, ...clusterUnits("other", upstream.port), early];
  await using gateway = await Gateway.open(units, { filters: [factory] });
  const walks = t.mock.method(HeldUnits.prototype, "values").mock;
  const change = async (own: readonly Unit[], ...paths: string[]): Promise<unknown> => {
    walks.resetCalls();
    taken();
    await gateway.apply([...units, ...own]);
    const statuses: number[] = [];
    for (const path of paths) {
      await using client = await gateway.connect();
      client.send(get(path, "Connection: close\r\n"));
      statuses.push((await readResponse(client)).status);
    }
    return [...statuses, taken(), walks.callCount() > 0 ? "all" : "few"];
  };
  const fresh = countedRoute("fresh", "/fresh", "new");
  const cluster = clusterUnits("new", upstream.port);
  const refusing = clusterUnits("new", 1);
  const renamed = cluster.map((unit): Unit => {
    if (unit.kind === "cluster") return { ...unit, endpoints: "elsewhere" };
    return unit.kind === "endpoints" ? { ...unit, name: "elsewhere" } : unit;
  });
  const moved = renamed.map((unit) => (unit.kind === "endpoints" ? { ...unit, endpoints: [] } : unit));
  assert.deepEqual(await change([fresh, ...cluster], "/fresh"), [200, ["fresh"], "few"]);
  assert.deepEqual(await change([fresh, ...refusing], "/fresh"), [503, [], "few"], "other endpoints");
  assert.deepEqual(await change([fresh, ...renamed], "/fresh"), [200, [], "few"], "by another name");
  assert.deepEqual(await change([fresh, ...moved], "/fresh"), [503, [], "few"]);
  assert.deepEqual(await change([], "/fresh"), [404, [], "few"]);
  assert.deepEqual(await change([fresh, ...cluster], "/fresh", "/early"), [200, 500, ["fresh"], "few"]);
  const own = clusterUnits("own", upstream.port);
  assert.deepEqual(
    await change([fresh, ...cluster, ...own], "/fresh", "/early"),
    [200, 200, ["early"], "all"],
    "a route was there before its cluster",
  );
});

test("a change of few routes looks at no other unit, one of more or of other kinds at all", async (t) => {
  await using upstream = await openEchoServer();
  const shared = unitsOf({ endpoints: [upstream.port] });
  const { factory } = buildCounter();
  const routes = Array.from({ length: 300 }, (_, at) => countedRoute(`r${at}`, `/r${at}`, "app"));
  await using gateway = await Gateway.open([...shared, ...routes], { filters: [factory] });
  const walks = t.mock.method(HeldUnits.prototype, "values").mock;
  const looksAtAll = async (units: readonly Unit[]): Promise<boolean> => {
    walks.resetCalls();
    await gateway.apply(units);
    return walks.callCount() > 0;
  };
  const few = routes.with(3, countedRoute("r3", "/moved", "app"));
  assert.equal(await looksAtAll([...shared, ...few]), false);
  await using client = await gateway.connect();
  client.send(get("/moved", "Connection: close\r\n"));
  assert.equal((await readResponse(client)).status, 200);
  const most = few.map((_, at) => countedRoute(`r${at}`, `/m${at}`, "app"));
  assert.equal(await looksAtAll([...shared, ...most]), true);
  const listener = { ...shared.find(({ kind }) => kind === "listener")! };
  const moved = shared.map((unit) =>
    unit.kind === "listener" ? { ...listener, address: "127.0.0.2" } : unit,
  );
  assert.equal(await looksAtAll([...moved, ...most]), true);
});

test("what a build that fails has taken of a change is in force with the next one", async () => {
  await using upstream = await openEchoServer();
  const { factory } = buildCounter();
  const shared = unitsOf({ endpoints: [upstream.port] }).filter(({ kind }) => kind !== "route");
  const others = [countedRoute("b", "/b", "app"), countedRoute("c", "/c", "app")];
  const before = [...shared, countedRoute("a", "/old", "app"), ...others];
  await using gateway = await Gateway.open(before, { filters: [factory] });
  const statusOf = async (path: string): Promise<number> => {
    await using client = await gateway.connect();
    client.send(get(path, "Connection: close\r\n"));
    return (await readResponse(client)).status;
  };
  assert.deepEqual([await statusOf("/old"), await statusOf("/new")], [200, 404]);
  const after = [
    ...shared,
    ...clusterUnits("more", upstream.port),
    countedRoute("a", "/new", "app"),
    ...others,
  ];
  const broken = mock.method(PlaneClusters.prototype, "build", () => {
    throw new Error("no memory for it");
  });
  await assert.rejects(gateway.apply(after), /no memory for it/);
  broken.mock.restore();
  assert.deepEqual([await statusOf("/old"), await statusOf("/new")], [200, 404]);
  await gateway.apply(after);
  assert.deepEqual([await statusOf("/old"), await statusOf("/new")], [404, 200]);
});

test("a rehearsal makes no route with filters anew, and requests are answered meanwhile", async () => {
  await using upstream = await openEchoServer();
  const { factory, taken } = buildCounter();
  const counted = ["/a", "/b"].map((path) => countedRoute(path.slice(1), path, "app"));
  const [listener, plain, ...rest] = unitsOf({ endpoints: [upstream.port] });
  await using gateway = await Gateway.open([listener!, ...counted, ...rest], { filters: [factory] });
  taken();
  await gateway.engine.rehearse();
  const { version } = await gateway.apply([listener!, ...counted, plain!, ...rest]);
  await using client = await gateway.connect();
  const rehearsal = { isOver: false };
  const rehearsed = gateway.engine.rehearse().then(() => (rehearsal.isOver = true));
  do {
    client.send(get("/x"));
    assert.equal((await readResponse(client)).status, 200);
  } while (!rehearsal.isOver);
  await rehearsed;
  assert.deepEqual(taken(), []);
  assert.equal(version, 2);
  assert.equal((await gateway.apply([listener!, ...counted, plain!, ...rest])).version, version + 9);
});
