import assert from "node:assert";
import { describe, it } from "node:test";
import {
  exact,
  listenerUnit,
  namedRouter,
  prefix,
  regex,
  request,
  routeUnit,
  value,
} from "./testing/units.ts";

/** A router of one route per match, named "a", "b", … in order, for every host. */
function routerOf(...matches: ReturnType<typeof prefix>[]) {
  const routes = matches.map((one, i) => routeUnit(String.fromCharCode(97 + i), {}, [one]));
  return namedRouter(listenerUnit(""), ...routes);
}

function found(router: ReturnType<typeof routerOf>, line: string, fields: [string, string][] = []) {
  return router.find(request(line, fields))?.value ?? null;
}

describe("path matches (HTTPPathMatch)", () => {
  const cases: [string, ReturnType<typeof prefix>, string[], string[]][] = [
    ["Exact", exact("/foo"), ["/foo"], ["/foo/", "/foo/bar", "/foobar", "/fo", "/", "/FOO"]],
    ["Exact with a trailing slash", exact("/foo/"), ["/foo/"], ["/foo", "/foo/bar"]],
    ["prefix, by segments", prefix("/foo"), ["/foo", "/foo/", "/foo/bar"], ["/foobar", "/fo", "/", "/Foo"]],
    ["prefix with a trailing slash", prefix("/foo/"), ["/foo", "/foo/", "/foo/bar"], ["/foobar", "/"]],
    ["the prefix /", prefix("/"), ["/", "/foo", "/foo/"], []],
    ["longer prefix", prefix("/a/b/c"), ["/a/b/c", "/a/b/c/", "/a/b/c/d"], ["/a/b", "/a/b/cd", "/a/b/d"]],
    ["regular expression, wholly", regex("/r/[0-9]+"), ["/r/12"], ["/r/12/", "/x/r/12", "/r/1a", "/r/"]],
    ["Exact in another spelling", exact("/%7euser/%c3"), ["/~user/%C3"], ["/%7euser/%c3"]],
    ["prefix in another spelling", prefix("/%61/"), ["/a", "/a/b"], ["/%61"]],
  ];
  for (const [name, one, matching, other] of cases) {
    it(name, () => {
      const router = routerOf(one);
      for (const path of matching) assert.equal(found(router, `GET http://h${path}`), "a#0", path);
      for (const path of other) assert.equal(found(router, `GET http://h${path}`), null, path);
    });
  }

  it("leaves the asterisk of OPTIONS to nobody", () => {
    const head = request("OPTIONS http://h/");
    head.path = "*";
    assert.equal(routerOf(prefix("/")).find(head), null);
  });
});

describe("precedence of matches (HTTPRouteRule.matches)", () => {
  const h = (...names: string[]) => names.map((name) => value(name, "1"));
  const fields: [string, string][] = ["x", "y", "z"].map((name) => [name, "1"]);
  // The second goes before the first, though the first is older by name.
  const pairs: [string, ReturnType<typeof prefix>, ReturnType<typeof prefix>][] = [
    ["Exact before regular expression", regex("/foo.*"), exact("/foo")],
    ["Exact before prefix", prefix("/foo"), exact("/foo")],
    [
      "Exact before a prefix with more conditions",
      prefix("/foo", { method: "GET", headers: h("x") }),
      exact("/foo"),
    ],
    ["regular expression before prefix", prefix("/foo"), regex("/f.*")],
    ["longer regular expression", regex("/f.*"), regex("/fo.*")],
    ["longer prefix", prefix("/"), prefix("/foo")],
    ["longer prefix before method", prefix("/", { method: "GET" }), prefix("/foo")],
    ["method before headers", prefix("/", { headers: h("x", "y") }), prefix("/", { method: "GET" })],
    ["more headers", prefix("/", { headers: h("x") }), prefix("/", { headers: h("x", "y") })],
    ["headers before query", prefix("/", { queryParams: h("x", "y") }), prefix("/", { headers: h("x") })],
    [
      "more query parameters",
      prefix("/", { queryParams: h("x") }),
      prefix("/", { queryParams: h("x", "y") }),
    ],
    ["any condition before none", prefix("/"), prefix("/", { queryParams: h("x") })],
    [
      "method and query before method",
      prefix("/", { method: "GET" }),
      prefix("/", { method: "GET", queryParams: h("x") }),
    ],
  ];
  for (const [name, later, earlier] of pairs) {
    it(name, () => {
      assert.equal(found(routerOf(later, earlier), "GET http://h/foo?x=1&y=1", fields), "b#0");
      assert.equal(found(routerOf(earlier, later), "GET http://h/foo?x=1&y=1", fields), "a#0");
    });
  }

  it("a shorter prefix serves what the longer one's conditions refuse", () => {
    const router = routerOf(
      prefix("/foo", { method: "POST" }),
      prefix("/"),
      exact("/foo", { headers: h("q") }),
    );
    assert.equal(found(router, "POST http://h/foo"), "a#0");
    assert.equal(found(router, "GET http://h/foo"), "b#0");
  });

  it("a trailing slash does not make a prefix longer", () => {
    const router = routerOf(prefix("/foo"), prefix("/foo/"));
    assert.equal(found(router, "GET http://h/foo/x"), "a#0");
  });

  it("ties: the oldest route, then its name, then rule, then match", () => {
    const listener = listenerUnit("");
    const one = [prefix("/")];
    const young = routeUnit("a/a", { createdMs: 2 }, one);
    const old = routeUnit("z/z", { createdMs: 1 }, one, one);
    assert.equal(namedRouter(listener, young, old).find(request("GET http://h/"))?.value, "z/z#0");
    const first = routeUnit("a/b", { createdMs: 1 }, one);
    assert.equal(namedRouter(listener, old, first).find(request("GET http://h/"))?.value, "a/b#0");
    const twice = routeUnit("m/m", {}, [prefix("/x"), prefix("/"), prefix("/")]);
    assert.equal(namedRouter(listener, twice).find(request("GET http://h/"))?.matchIndex, 1);
    // "a-b/c" before "a/b": the whole text is compared, "-" is below "/".
    const names = ["a/b", "a-b/c"].map((name) => routeUnit(name, {}, one));
    assert.equal(namedRouter(listener, ...names).find(request("GET http://h/"))?.value, "a-b/c#0");
  });

  it("says what was matched", () => {
    const router = routerOf(prefix("/foo/"), prefix("/"), exact("/e/"), regex("/r+"));
    const matched = (path: string) => router.find(request(`GET http://h${path}`))?.matchedPath;
    assert.equal(matched("/foo/bar"), "/foo");
    assert.equal(matched("/x"), "/");
    assert.equal(matched("/e/"), "/e/");
    assert.equal(matched("/rr"), "");
  });
});
