import assert from "node:assert";
import { describe, it } from "node:test";
import { runToEnd } from "../base/index.ts";
import type { RouteUnit } from "../model/index.ts";
import { compileRouter } from "./compile-router.ts";
import { changeRouter } from "./change-router.ts";
import { PathTable } from "./path-table.ts";
import {
  buildRouter,
  exact,
  listenerUnit,
  namedRouter,
  prefix,
  regex,
  request,
  routeUnit,
  value,
} from "./testing/units.ts";

const many = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    routeUnit(`r/${i}`, { hostnames: [`h${i % 10}`] }, [prefix(`/p${i}`)]),
  );

describe("building a router", () => {
  it("yields after a bounded amount of work", () => {
    let made = 0;
    let most = 0;
    let before = 0;
    const build = compileRouter(listenerUnit(""), many(2_000), () => ++made);
    let slices = 0;
    while (build.next().done !== true) {
      most = Math.max(most, made - before);
      before = made;
      slices++;
    }
    assert.equal(made, 2_000);
    assert.ok(most <= 2, `${most} values were made in one slice`);
    assert.ok(slices >= 2_000 + (2 * 2_000) / 32, `${slices} slices`);
  });

  it("yields while it files many routes under one path, and while it indexes many hosts", () => {
    const routes = Array.from({ length: 1_000 }, (_, i) =>
      routeUnit(`r/${i}`, { hostnames: [`h${i}`, "same"], createdMs: 1_000 - i }, [prefix("/")]),
    );
    const first = buildRouter(listenerUnit(""), routes, (route) => route.name);
    const again = buildRouter(listenerUnit(""), routes.slice(1), (route) => route.name, first.router);
    assert.ok(again.slices >= 4 * (1_000 / 32), `${again.slices} slices`);
    assert.equal(again.router.find(request("GET http://same/"))?.value, "r/999");
    assert.equal(again.router.find(request("GET http://h7/"))?.value, "r/7");
    assert.equal(again.router.find(request("GET http://h0/")), null);
  });

  it("makes one value per rule, whatever the hosts and matches", () => {
    const calls: string[] = [];
    const route = routeUnit(
      "a",
      { hostnames: ["x", "y", "*.z"] },
      [prefix("/a"), exact("/b")],
      [regex("/c")],
    );
    const { router } = buildRouter(listenerUnit(""), [route], (unit, rule, index) => {
      calls.push(`${unit.name} ${rule.name} ${index}`);
      return index;
    });
    assert.deepEqual(calls, ["a 0 0", "a 1 1"]);
    assert.equal(router.find(request("GET http://q.z/c"))?.value, 1);
  });

  it("passes by routes of other listeners", () => {
    const route = routeUnit("a", { server: "elsewhere" }, [prefix("/")]);
    const { router } = buildRouter(listenerUnit(""), [route], () => assert.fail("no value is wanted"));
    assert.equal(router.find(request("GET http://h/")), null);
  });

  it("builds without routes and without servers", () => {
    assert.equal(namedRouter(listenerUnit("")).find(request("GET http://h/")), null);
    assert.equal(namedRouter(listenerUnit()).find(request("GET http://h/")), null);
    assert.equal(namedRouter(listenerUnit()).findServer("h"), null);
  });

  it("an invalid regular expression matches nothing, and stops nothing", () => {
    const router = namedRouter(listenerUnit(""), routeUnit("a", {}, [regex("/(")], [prefix("/")]));
    assert.equal(router.find(request("GET http://h/("))?.value, "a#1");
  });

  it("attaches a route to several servers", () => {
    const route = {
      ...routeUnit("a", {}, [prefix("/")]),
      attachments: [
        { server: "x", hostnames: ["x"] },
        { server: "y", hostnames: ["y"] },
        { server: "x", hostnames: ["x"] },
      ],
    };
    const router = namedRouter(listenerUnit("x", "y"), route);
    assert.equal(router.find(request("GET http://x/"))?.value, "a#0");
    assert.equal(router.find(request("GET http://y/"))?.value, "a#0");
    assert.equal(router.explain(request("GET http://x/")).candidates.length, 1);
  });
});

describe("building a router from the one before", () => {
  it("uses values of routes that are the same objects again", () => {
    const [a, b] = many(2);
    let calls = 0;
    const valueOf = () => ++calls;
    const first = buildRouter(listenerUnit(""), [a, b], valueOf).router;
    const changed = routeUnit(b.name, { hostnames: ["h1"] }, [prefix("/new")]);
    const second = buildRouter(listenerUnit(""), [a, changed], valueOf, first).router;
    assert.equal(calls, 3);
    assert.equal(second.find(request("GET http://h0/p0")), first.find(request("GET http://h0/p0")));
    assert.equal(second.find(request("GET http://h1/p1")), null);
    assert.equal(second.find(request("GET http://h1/new"))?.value, 3);
    assert.equal(first.find(request("GET http://h1/p1"))?.value, 2);
  });

  it("uses tables of hosts that did not change again, and no others", () => {
    const routes = many(40);
    const first = buildRouter(listenerUnit(""), routes, () => 0).router;
    const second = buildRouter(listenerUnit(""), routes.slice(0, -1), () => 0, first).router;
    const tables = (router: typeof first, host: string) => router.tables.get("any")?.hosts.valueOf(host);
    assert.equal(tables(second, "h0"), tables(first, "h0"));
    assert.notEqual(tables(second, "h9"), tables(first, "h9"));
    assert.equal(second.find(request("GET http://h9/p39")), null);
    assert.equal(second.find(request("GET http://h9/p29"))?.value, 0);
  });

  it("a change of one of many routes of a host takes one match out and puts one in", (context) => {
    const routes = Array.from({ length: 1_000 }, (_, i) =>
      routeUnit(`r/${i}`, {}, [prefix(`/p/${i}`)], [exact(`/e/${i}`)], [regex(`/r/${i}`)]),
    );
    const first = buildRouter(listenerUnit(""), routes, (route) => route.name).router;
    const inserted = context.mock.method(PathTable.prototype, "insert").mock;
    const removed = context.mock.method(PathTable.prototype, "remove").mock;
    const changed = routeUnit("r/7", {}, [prefix("/new")]);
    const next = buildRouter(listenerUnit(""), routes.with(7, changed), (route) => route.name, first).router;
    assert.deepEqual([inserted.callCount(), removed.callCount()], [1, 3]);
    for (const path of ["/p/7", "/e/7", "/r/7"]) {
      assert.equal(next.find(request(`GET http://h${path}`)), null);
      assert.equal(first.find(request(`GET http://h${path}`))?.value, "r/7");
    }
    assert.equal(next.find(request("GET http://h/new"))?.value, "r/7");
    assert.equal(next.find(request("GET http://h/p/8"))?.value, "r/8");
    assert.equal(next.find(request("GET http://h/r/999"))?.value, "r/999");
  });

  it("a change of most routes of a host makes its table anew", (context) => {
    const routes = many(100).map((route) => ({
      ...route,
      attachments: [{ server: "any", hostnames: [""] }],
    }));
    const first = buildRouter(listenerUnit(""), routes, (route) => route.name).router;
    const inserted = context.mock.method(PathTable.prototype, "insert").mock;
    const removed = context.mock.method(PathTable.prototype, "remove").mock;
    const next = routes.map((route, i) => (i < 60 ? { ...route } : route));
    buildRouter(listenerUnit(""), next, (route) => route.name, first);
    assert.deepEqual([inserted.callCount(), removed.callCount()], [100, 0]);
  });

  it("a wildcard that comes new catches what known hosts do not match", () => {
    const [a] = many(1);
    const wild = routeUnit("w", { hostnames: ["*.local"] }, [prefix("/")]);
    const host = routeUnit("h", { hostnames: ["a.local"] }, [prefix("/only")]);
    const first = buildRouter(listenerUnit(""), [a, host], (route) => route.name).router;
    const second = buildRouter(listenerUnit(""), [a, host, wild], (route) => route.name, first).router;
    assert.equal(first.find(request("GET http://a.local/x")), null);
    assert.equal(second.find(request("GET http://a.local/x"))?.value, "w");
    assert.equal(second.find(request("GET http://a.local/only"))?.value, "h");
  });
});

describe("changing a router", () => {
  const nameOf = (route: RouteUnit) => route.name;

  it("looks at no route that stays", (context) => {
    const routes = Array.from({ length: 1_000 }, (_, i) =>
      routeUnit(`r/${i}`, {}, [prefix(`/p/${i}`)], [exact(`/e/${i}`)], [regex(`/r/${i}`)]),
    );
    const first = buildRouter(listenerUnit(""), routes, nameOf).router;
    const inserted = context.mock.method(PathTable.prototype, "insert").mock;
    const removed = context.mock.method(PathTable.prototype, "remove").mock;
    const valueOf = context.mock.fn(nameOf);
    const changed = routeUnit("r/7", {}, [prefix("/new")]);
    const next = runToEnd(changeRouter(first, { gone: [routes[7]], come: [changed] }, valueOf));
    assert.deepEqual([inserted.callCount(), removed.callCount(), valueOf.mock.callCount()], [1, 3, 1]);
    assert.equal(next.find(request("GET http://h/p/7")), null);
    assert.equal(next.find(request("GET http://h/new"))?.value, "r/7");
    assert.equal(first.find(request("GET http://h/p/7"))?.value, "r/7");
  });

  it("passes by what it has, what it never had, and what is of no server of its own", () => {
    const [a, b] = many(2);
    const first = buildRouter(listenerUnit(""), [a], nameOf).router;
    const elsewhere = routeUnit("c", { server: "elsewhere" }, [prefix("/")]);
    const change = { gone: [b], come: [a, elsewhere] };
    const next = runToEnd(changeRouter(first, change, () => assert.fail("no value is wanted")));
    assert.equal(next.find(request("GET http://h0/p0"))?.value, "r/0");
    assert.equal(next.find(request("GET http://h1/p1")), null);
  });

  it("a hostname goes with its last route, and comes with its first", () => {
    const wild = routeUnit("w", { hostnames: ["*.x"] }, [prefix("/")]);
    const host = routeUnit("h", { hostnames: ["a.x"] }, [prefix("/only")]);
    const first = buildRouter(listenerUnit(""), [wild, host], nameOf).router;
    const without = runToEnd(changeRouter(first, { gone: [host], come: [] }, nameOf));
    assert.equal(without.tables.get("any")!.hosts.valueOf("a.x"), undefined);
    assert.notEqual(without.tables.get("any")!.hosts.valueOf("*.x"), undefined);
    assert.equal(without.find(request("GET http://a.x/only"))?.value, "w");
    const again = runToEnd(changeRouter(without, { gone: [], come: [host] }, nameOf));
    assert.equal(again.find(request("GET http://a.x/only"))?.value, "h");
  });
});

describe("explaining a request", () => {
  it("lists candidates in order of precedence, with why they did not match", () => {
    const router = namedRouter(
      listenerUnit("*.x", "y"),
      routeUnit(
        "a",
        { server: "*.x", hostnames: ["a.x"] },
        [prefix("/api", { method: "POST" })],
        [exact("/api/v1")],
        [prefix("/api", { headers: [value("v", "1")] })],
        [prefix("/api", { queryParams: [value("q", "z+", "RegularExpression")] })],
        [regex("/api/[")],
      ),
      routeUnit("b", { server: "*.x", hostnames: ["*.x"] }, [prefix("/")], [prefix("/")]),
      routeUnit("c", { server: "y", hostnames: ["y"] }, [prefix("/")]),
    );
    const { host, server, match, candidates } = router.explain(request("GET http://a.x:80/api/v2?q=a"));
    assert.equal(host, "a.x");
    assert.equal(server?.id, "*.x");
    assert.equal(match?.value, "b#0");
    assert.deepEqual(
      candidates.map(({ entry, hostname, verdict, reason }) => [entry.value, hostname, verdict, reason]),
      [
        ["a#1", "a.x", "refused", "path is not /api/v1"],
        [
          "a#4",
          "a.x",
          "refused",
          'path\'s regular expression is invalid: "[" without its "]" (at character 6)',
        ],
        ["a#0", "a.x", "refused", "method is GET, not POST"],
        ["a#2", "a.x", "refused", "header v is missing"],
        ["a#3", "a.x", "refused", 'query parameter q is "a", which does not match z+'],
        ["b#0", "*.x", "matched", ""],
        ["b#1", "*.x", "shadowed", ""],
      ],
    );
  });

  it("says when no server has the host", () => {
    const { server, match, candidates } = namedRouter(listenerUnit("a")).explain(request("GET http://b/"));
    assert.deepEqual([server, match, candidates], [null, null, []]);
  });
});
