import assert from "node:assert";
import { it } from "node:test";
import * as fc from "fast-check";
import { runToEnd, seededRandom } from "../base/index.ts";
import type { RequestHead } from "../message/index.ts";
import type { RouteMatch, RouteUnit } from "../model/index.ts";
import { changeRouter } from "./change-router.ts";
import type { ValueOf } from "./compile-router.ts";
import type { Router } from "./router.ts";
import {
  buildRouter,
  call,
  exact,
  listenerUnit,
  namedRouter,
  prefix,
  regex,
  request,
  routeUnit,
  value,
} from "./testing/units.ts";

/**
 * The specification's text, read plainly: of all matches that hold, the first by hostname, path, method, counts,
 * age, name and order. Shares no code with the router.
 */
function referenceFind(routes: readonly RouteUnit[], head: RequestHead): string | null {
  const holding: { key: (number | string)[]; name: string }[] = [];
  for (const route of routes) {
    for (const hostname of route.attachments[0].hostnames) {
      if (!hostMatches(hostname, head.authority)) continue;
      for (const [ruleIndex, { matches }] of route.rules.entries()) {
        for (const [matchIndex, one] of matches.entries()) {
          if (!holds(one, head)) continue;
          const isWild = hostname.startsWith("*") || hostname === "";
          const length = one.path.value.replace(/\/$/, "").length;
          const { type } = one.path;
          const key = [
            isWild ? 1 : 0,
            -hostname.length,
            type === "Exact" ? 0 : type === "PathPrefix" ? 2 : 1,
          ];
          key.push(type === "Exact" ? 0 : type === "PathPrefix" ? -length : -one.path.value.length);
          key.push(one.method === "" ? 1 : 0, -one.headers.length, -one.queryParams.length);
          const place = String(ruleIndex * 100 + matchIndex).padStart(6, "0");
          holding.push({
            key: [...key, route.createdMs, route.name, place],
            name: `${route.name}#${ruleIndex}`,
          });
        }
      }
    }
  }
  holding.sort((a, b) => {
    const at = a.key.findIndex((part, i) => part !== b.key[i]);
    return at < 0 ? 0 : a.key[at] < b.key[at] ? -1 : 1;
  });
  return holding.length === 0 ? null : holding[0].name;
}

function hostMatches(hostname: string, host: string): boolean {
  return hostname === "" || hostname === host || (hostname[0] === "*" && host.endsWith(hostname.slice(1)));
}

function holds(one: RouteMatch, head: RequestHead): boolean {
  const { type, value: path } = one.path;
  const bare = path.replace(/\/$/, "");
  if (type === "Exact" && path !== head.path) return false;
  if (type === "PathPrefix" && !`${head.path}/`.startsWith(`${bare}/`)) return false;
  if (type === "RegularExpression" && !new RegExp(`^(?:${path})$`).test(head.path)) return false;
  if (one.method !== "" && one.method !== head.method) return false;
  if (!one.headers.every((h) => head.fields.get(h.name) === h.value)) return false;
  const query = new URLSearchParams(head.query);
  return one.queryParams.every((q) => query.get(q.name) === q.value);
}

const segment = fc.constantFrom("a", "b", "ab", "~");
const path = fc.tuple(fc.array(segment, { maxLength: 3 }), fc.boolean()).map(([segments, slash]) => {
  const joined = `/${segments.join("/")}`;
  return slash && segments.length > 0 ? `${joined}/` : joined;
});
const values = fc
  .uniqueArray(fc.constantFrom("x", "y", "z"), { maxLength: 2 })
  .map((names) => names.map((n) => value(n, "1")));
const options = fc.record({
  method: fc.constantFrom("", "GET", "POST"),
  headers: values,
  queryParams: values,
});
const anyMatch = fc.oneof(
  fc.tuple(path, options).map(([p, o]) => prefix(p, o)),
  fc.tuple(path, options).map(([p, o]) => exact(p, o)),
  fc.tuple(fc.constantFrom("/a.*", "/[ab]+", "/.*/b", ".*"), options).map(([p, o]) => regex(p, o)),
);
const hostname = fc.constantFrom("", "a.x", "b.a.x", "*.x", "*.a.x", "y");
const anyRoutes = fc.array(
  fc.record({
    createdMs: fc.nat({ max: 2 }),
    hostnames: fc.uniqueArray(hostname, { minLength: 1, maxLength: 3 }),
    rules: fc.array(fc.array(anyMatch, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 8 },
);
const anyRequest = fc.record({
  method: fc.constantFrom("GET", "POST"),
  host: fc.constantFrom("a.x", "b.a.x", "c.b.a.x", "x", "y", "z"),
  path,
  fields: fc.uniqueArray(fc.constantFrom("x", "y", "z")),
  query: fc.array(fc.constantFrom("x=1", "y=1", "z=1", "x=2", "%78=1", "z"), { maxLength: 3 }),
});

it("finds what the specification's order of precedence says, and explain agrees", () => {
  fc.assert(
    fc.property(anyRoutes, fc.array(anyRequest, { minLength: 4, maxLength: 8 }), (specs, requests) => {
      const routes = specs.map(({ rules, ...rest }, i) => routeUnit(`r/${i}`, rest, ...rules));
      const router = namedRouter(listenerUnit(""), ...routes);
      for (const { method, host, path, fields, query } of requests) {
        const pairs = fields.map((name): [string, string] => [name, "1"]);
        const line = `${method} http://${host}${path}${query.length > 0 ? `?${query.join("&")}` : ""}`;
        const head = request(line, pairs);
        const found = router.find(head)?.value ?? null;
        assert.equal(found, referenceFind(routes, head), line);
        assert.equal(router.explain(head).match?.value ?? null, found);
      }
    }),
    { seed: 20_261_124, numRuns: 400 },
  );
});

const requestLine = anyRequest.map(({ method, host, path }) => `${method} http://${host}${path}`);

it("a router built from the one before finds what one built anew finds", () => {
  const edits = fc.array(fc.tuple(fc.nat({ max: 7 }), anyRoutes), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      anyRoutes,
      edits,
      fc.array(requestLine, { minLength: 8, maxLength: 8 }),
      (specs, edits, lines) => {
        const valueOf = (route: RouteUnit, _rule: unknown, index: number) =>
          `${route.createdMs}/${route.name}#${index}`;
        let routes = specs.map(({ rules, ...rest }, i) => routeUnit(`r/${i}`, rest, ...rules));
        let router = buildRouter(listenerUnit(""), routes, valueOf).router;
        let anew = router;
        for (const [at, [{ rules, ...rest }]] of edits) {
          // Replaces a route, or removes one when it is beyond the end.
          const changed = routeUnit(`r/${at}`, rest, ...rules);
          routes = at < routes.length ? routes.with(at, changed) : routes.slice(1);
          const previous = router;
          const before = anew;
          router = buildRouter(listenerUnit(""), routes, valueOf, previous).router;
          anew = buildRouter(listenerUnit(""), routes, valueOf).router;
          for (const line of lines) {
            const head = request(line);
            assert.equal(router.find(head)?.value, anew.find(head)?.value, line);
            assert.equal(previous.find(head)?.value, before.find(head)?.value, `${line} in the one before`);
          }
        }
      },
    ),
    { seed: 20_261_124, numRuns: 200 },
  );
});

it("a router that is changed finds what one built anew finds, and explains it so", () => {
  const edits = fc.array(fc.tuple(fc.nat({ max: 7 }), fc.boolean(), anyRoutes), {
    minLength: 1,
    maxLength: 5,
  });
  const servers = fc.constantFrom("", "x", "elsewhere");
  const lines = fc.array(requestLine, { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(anyRoutes, edits, servers, lines, (specs, edits, server, lines) => {
      const listener = listenerUnit("", "x");
      const valueOf = (route: RouteUnit, _rule: unknown, index: number) =>
        `${route.createdMs}/${route.name}#${index}`;
      let routes = specs.map(({ rules, ...rest }, i) => routeUnit(`r/${i}`, rest, ...rules));
      let router = buildRouter(listener, routes, valueOf).router;
      for (const [at, isWholeSet, [{ rules, ...rest }, ...others]] of edits) {
        // Replaces a route, or removes one when it is beyond the end; or puts in several, of another server perhaps.
        const changed = routeUnit(`r/${at}`, rest, ...rules);
        const more = others.map(({ rules: own, ...one }, i) => {
          const serverId = server === "" ? "any" : server;
          return routeUnit(`m/${at}/${i}`, { ...one, server: serverId }, ...own);
        });
        const before = routes;
        routes = at < routes.length ? routes.with(at, changed) : routes.slice(1);
        if (isWholeSet) routes = [...routes, ...more];
        const previous = router;
        const found = lines.map((line) => previous.find(request(line))?.value);
        router = changedRouter(previous, before, routes, valueOf);
        const anew = buildRouter(listener, routes, valueOf).router;
        for (const [i, line] of lines.entries()) {
          const head = request(line);
          assert.equal(router.find(head)?.value, anew.find(head)?.value, line);
          assert.equal(previous.find(head)?.value, found[i], `${line} in the one before`);
          assert.deepEqual(explained(router, head), explained(anew, head), line);
        }
      }
    }),
    { seed: 20_261_129, numRuns: 200 },
  );
});

/** Children, paths and calls of so many are kept in parts; those of `grow` from some change on. */
const wideShapes: Record<string, { count: number; matchOf: (at: number) => RouteMatch }> = {
  prefix: { count: 1_500, matchOf: (at) => prefix(`/p${at}`) },
  nested: { count: 600, matchOf: (at) => prefix(`/nested/${at}/x`) },
  exact: { count: 700, matchOf: (at) => exact(`/p${at}/exact`) },
  call: { count: 600, matchOf: (at) => call("service", `method${at}`) },
  grow: { count: 508, matchOf: (at) => prefix(`/grow/${at}`) },
  few: { count: 10, matchOf: (at) => prefix(`/few/${at}`) },
  regex: { count: 10, matchOf: (at) => regex(`/p[0-9]*${at}/(?:regex|exact)`) },
};

interface Place {
  readonly shape: string;
  readonly at: number;
}

interface WideRouters {
  readonly router: Router<string>;
  /** Built anew. */
  readonly reference: Router<string>;
}

it("a router of thousands finds what one built anew finds after each change, and those before it what they found", () => {
  const random = seededRandom(20_261_201);
  const below = (count: number): number => Math.floor(random.next() * count);
  const routes = new Map<string, RouteUnit>();
  const put = ({ shape, at }: Place, version: number): void => {
    const plain = wideShapes[shape].matchOf(at);
    const matches = below(4) === 0 ? [plain, { ...plain, method: "PUT" }] : [plain];
    routes.set(`${shape}/${at}`, routeUnit(`${shape}/${at}`, { createdMs: version }, matches));
  };
  const places = Object.entries(wideShapes).map(([shape, { count }]) =>
    Array.from({ length: count * 2 }, (_, at): Place => ({ shape, at })),
  );
  for (const all of places) for (const place of all.slice(0, all.length / 2)) put(place, 0);
  const anyPlaces = (count: number): Place[] =>
    Array.from({ length: count }, () => places[below(places.length)]).map((all) => all[below(all.length)]);
  const valueOf = (route: RouteUnit, _rule: unknown, index: number): string =>
    `${route.createdMs}/${route.name}#${index}`;
  const anew = (): Router<string> => buildRouter(listenerUnit(""), routes.values(), valueOf).router;
  const all: WideRouters[] = [{ router: anew(), reference: anew() }];
  for (let round = 1; round <= 60; round++) {
    const before = [...routes.values()];
    const edited = anyPlaces(1 + below(6));
    for (const place of edited) {
      if (place.shape !== "grow" && below(3) === 0) routes.delete(`${place.shape}/${place.at}`);
      else put(place, round);
    }
    const after = [...routes.values()];
    const previous = all[all.length - 1].router;
    const isWhole = round % 4 === 0;
    const router = isWhole
      ? buildRouter(listenerUnit(""), after, valueOf, previous).router
      : changedRouter(previous, before, after, valueOf);
    all.push({ router, reference: anew() });
    for (const routers of all.slice(-4)) assertSame(routers, edited);
  }
  for (const routers of all) assertSame(routers, anyPlaces(50));
});

function assertSame({ router, reference }: WideRouters, places: readonly Place[]): void {
  for (const { shape, at } of places) {
    for (const head of wideRequests(shape, at)) {
      assert.equal(router.find(head)?.value, reference.find(head)?.value, `${shape} ${at}: ${head.path}`);
    }
  }
}

/** What a route of a shape may be asked by, and its namesakes of others. */
function wideRequests(shape: string, at: number): RequestHead[] {
  const grpc: [string, string][] = [["content-type", "application/grpc"]];
  if (shape === "call") return [request(`POST http://h/service/method${at}`, grpc)];
  const paths = [`/p${at}`, `/p${at}/exact`, `/p${at}/regex`, `/${shape}/${at}`, `/${shape}/${at}/x/y`];
  return paths.flatMap((path) => [request(`GET http://h${path}`), request(`PUT http://h${path}`)]);
}

function changedRouter<T>(
  previous: Router<T>,
  before: RouteUnit[],
  after: RouteUnit[],
  valueOf: ValueOf<T>,
): Router<T> {
  const [old, young] = [new Set(before), new Set(after)];
  const [gone, come] = [old.difference(young), young.difference(old)];
  return runToEnd(changeRouter(previous, { gone, come }, valueOf));
}

const explained = (router: Router<string>, head: RequestHead): unknown[] =>
  router
    .explain(head)
    .candidates.map(({ entry, hostname, verdict, reason }) => [entry.value, hostname, verdict, reason]);

it("never throws, whatever the head holds", () => {
  const anyText = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: "binary", maxLength: 20 }));
  const routes = [
    routeUnit("a", { hostnames: ["a.x", "*.x"] }, [prefix("/a"), exact("/b"), regex("/.*c")]),
    routeUnit("b", {}, [prefix("/", { queryParams: [value("x", "1")], headers: [value("y", "1")] })]),
  ];
  const router = namedRouter(listenerUnit("", "*.x"), ...routes);
  fc.assert(
    fc.property(anyText, anyText, anyText, (authority, path, query) => {
      const head = request("GET http://h/", [["y", "1"]]);
      head.authority = authority;
      head.path = `/${path}`;
      head.query = `?x=1&${query}`;
      assert.equal(router.explain(head).match, router.find(head));
      router.findServer(authority);
    }),
    { seed: 3, numRuns: 2_000 },
  );
});
