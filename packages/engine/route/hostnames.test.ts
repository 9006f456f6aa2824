import assert from "node:assert";
import { describe, it } from "node:test";
import { exact, listenerUnit, namedRouter, prefix, request, routeUnit } from "./testing/units.ts";
import type { RouteOptions } from "./testing/units.ts";

const any = (name: string, options: RouteOptions) => routeUnit(name, options, [prefix("/")]);

describe("hostnames of routes", () => {
  const router = namedRouter(
    listenerUnit(""),
    any("any", {}),
    any("example", { hostnames: ["*.example.com"] }),
    any("deep", { hostnames: ["*.b.example.com"] }),
    any("exact", { hostnames: ["a.example.com"] }),
    any("dots", { hostnames: ["*.com"] }),
  );
  const cases: [host: string, route: string][] = [
    ["a.example.com", "exact"],
    ["a.example.com:8080", "exact"],
    ["a.example.com.", "exact"],
    ["a.example.com.:80", "exact"],
    ["x.example.com", "example"],
    ["x.a.example.com", "example"],
    ["b.example.com", "example"],
    ["x.b.example.com", "deep"],
    ["y.x.b.example.com", "deep"],
    ["example.com", "dots"],
    ["xexample.com", "dots"],
    ["com", "any"],
    [".example.com", "dots"],
    ["localhost", "any"],
    ["127.0.0.1:80", "any"],
    ["[::1]", "any"],
    ["[::1]:80", "any"],
    ["", "any"],
  ];
  for (const [host, route] of cases) {
    it(`${host || "no host"} goes to ${route}`, () => {
      assert.equal(router.find(request(`GET http://${host}/`))?.value, `${route}#0`);
    });
  }

  it("a more specific hostname goes before a more specific path", () => {
    const router = namedRouter(
      listenerUnit(""),
      routeUnit("wild", { hostnames: ["*.x"] }, [exact("/foo")]),
      routeUnit("exact", { hostnames: ["a.x"] }, [prefix("/")]),
    );
    assert.equal(router.find(request("GET http://a.x/foo"))?.value, "exact#0");
  });

  it("a hostname without a match hands the request on to the next less specific one", () => {
    const router = namedRouter(
      listenerUnit(""),
      routeUnit("exact", { hostnames: ["a.b.x"] }, [prefix("/only")]),
      routeUnit("near", { hostnames: ["*.b.x"] }, [prefix("/near")]),
      routeUnit("far", { hostnames: ["*.x"] }, [prefix("/far")]),
      routeUnit("all", {}, [prefix("/all")]),
    );
    const found = (path: string) => router.find(request(`GET http://a.b.x${path}`))?.value;
    assert.deepEqual(["/only", "/near", "/far", "/all", "/no"].map(found), [
      "exact#0",
      "near#0",
      "far#0",
      "all#0",
      undefined,
    ]);
  });

  it("a route with overlapping hostnames is found once", () => {
    const route = routeUnit("both", { hostnames: ["a.x", "*.x", "a.x"] }, [prefix("/p")]);
    const router = namedRouter(listenerUnit(""), route);
    assert.equal(router.find(request("GET http://a.x/p"))?.value, "both#0");
    assert.equal(router.explain(request("GET http://a.x/p")).candidates.length, 2);
  });

  it("a host of very many labels is looked up no longer than a hostname can be", () => {
    const host = "a.".repeat(30_000);
    assert.equal(router.find(request(`GET http://${host}b.example.com/`))?.value, "deep#0");
    assert.equal(router.find(request(`GET http://${host}org/`))?.value, "any#0");
  });

  it("names of Object's prototype are hosts like any other", () => {
    for (const host of ["__proto__", "constructor", "tostring", "x.__proto__"]) {
      assert.equal(router.find(request(`GET http://${host}/__proto__`))?.value, "any#0");
    }
  });
});

describe("servers (listener isolation)", () => {
  const router = namedRouter(
    listenerUnit("", "*.example.com", "*.foo.example.com", "abc.foo.example.com"),
    any("empty", { server: "" }),
    routeUnit("wild", { server: "*.example.com", hostnames: ["*.example.com"] }, [prefix("/wild")]),
    routeUnit("foo", { server: "*.foo.example.com", hostnames: ["*.foo.example.com"] }, [prefix("/foo")]),
    routeUnit("abc", { server: "abc.foo.example.com", hostnames: ["abc.foo.example.com"] }, [prefix("/abc")]),
  );
  const cases: [url: string, route: string | undefined][] = [
    ["bar.com/any", "empty"],
    ["example.com/any", "empty"],
    ["bar.example.com/wild", "wild"],
    ["bar.example.com/any", undefined],
    ["bar.foo.example.com/foo", "foo"],
    ["bar.foo.example.com/wild", undefined],
    ["abc.foo.example.com/abc", "abc"],
    ["abc.foo.example.com/foo", undefined],
    ["abc.foo.example.com/any", undefined],
    ["x.abc.foo.example.com/foo", "foo"],
  ];
  for (const [url, route] of cases) {
    it(`${url} is served by ${route ?? "no route"}`, () => {
      assert.equal(router.find(request(`GET http://${url}`))?.value, route && `${route}#0`);
    });
  }

  it("finds the server of a host in any case, with port or dot", () => {
    assert.equal(router.findServer("ABC.foo.Example.com")?.id, "abc.foo.example.com");
    assert.equal(router.findServer("x.example.com.:443")?.id, "*.example.com");
    assert.equal(router.findServer("example.com")?.id, "any");
  });

  it("has none for a host that no hostname covers", () => {
    const router = namedRouter(listenerUnit("a.x", "*.y"), any("a", { server: "a.x" }));
    assert.equal(router.findServer("b.x"), null);
    assert.equal(router.findServer("y"), null);
    assert.equal(router.find(request("GET http://b.x/")), null);
    assert.equal(router.find(request("GET http://a.x/"))?.value, "a#0");
    // A server without routes.
    assert.equal(router.find(request("GET http://q.y/")), null);
  });

  it("a route's wider hostname does not reach beyond its server", () => {
    const router = namedRouter(listenerUnit("a.x"), any("wide", { server: "a.x", hostnames: ["*.x"] }));
    assert.equal(router.find(request("GET http://a.x/"))?.value, "wide#0");
    assert.equal(router.find(request("GET http://b.x/")), null);
  });
});
