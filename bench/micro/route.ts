// Nanoseconds per lookup of the router: `node bench/micro/route.ts`. Heads are new objects whose strings are
// slices of a larger text, as the codec makes them: nothing is hashed or flattened beforehand.
import { Fields, RequestHead } from "@heddle/engine/message";
import { DEFAULT_LISTENER_SETTINGS } from "@heddle/engine/model";
import type { ListenerUnit, PathMatch, RouteUnit } from "@heddle/engine/model";
import { compileRouter } from "@heddle/engine/route";
import type { Router } from "@heddle/engine/route";
import { median } from "../rig/index.ts";

const BATCH = 20_000;
const ROUNDS = 15;

const listener: ListenerUnit = {
  kind: "listener",
  name: "[::]/8080",
  address: "::",
  port: 8080,
  protocol: "HTTP",
  servers: [{ id: "any", hostname: "", tls: null }],
  settings: DEFAULT_LISTENER_SETTINGS,
};

function route(i: number, hostname: string, type: PathMatch["type"], path: string): RouteUnit {
  return {
    kind: "route",
    name: `default/route-${i}`,
    attachments: [{ server: "any", hostnames: [hostname] }],
    rules: [
      {
        name: "0",
        matches: [{ path: { type, value: path }, method: "", headers: [], queryParams: [] }],
        filters: [],
        backends: [],
        requestTimeoutMs: 0,
        backendRequestTimeoutMs: 0,
        retry: null,
        sessionPersistence: null,
      },
    ],
    createdMs: 0,
  };
}

function build(routes: readonly RouteUnit[]): { router: Router<string>; buildMs: number; longestMs: number } {
  const work = compileRouter(listener, routes, ({ name }) => name);
  const startedMs = performance.now();
  let longestMs = 0;
  for (;;) {
    const sliceMs = performance.now();
    const step = work.next();
    longestMs = Math.max(longestMs, performance.now() - sliceMs);
    if (step.done === true) {
      return { router: step.value, buildMs: performance.now() - startedMs, longestMs };
    }
  }
}

/** Fresh heads, made before the clock starts. */
function heads(lines: readonly (readonly [host: string, path: string])[]): RequestHead[] {
  const made: RequestHead[] = [];
  for (let i = 0; i < BATCH; i++) {
    const [host, path] = lines[(i * 7919) % lines.length];
    const text = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n\r\n`).toString(
      "latin1",
    );
    const hostStart = text.indexOf("Host: ") + 6;
    made.push(
      new RequestHead(
        "GET",
        "http",
        text.slice(hostStart, hostStart + host.length),
        text.slice(4, 4 + path.length),
        "",
        new Fields(),
      ),
    );
  }
  return made;
}

function measure(router: Router<string>, lines: readonly (readonly [string, string])[]): number {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const batch = heads(lines);
    let found = 0;
    const startedMs = performance.now();
    for (const head of batch) if (router.find(head) !== null) found++;
    rounds.push(((performance.now() - startedMs) * 1e6) / BATCH);
    if (found !== BATCH) throw new Error(`${found} of ${BATCH} requests were routed`);
  }
  return median(rounds.slice(3));
}

const host = "shop.localhost:8080";
const sizes = [1, 100, 10_000];
const list = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const cases: [name: string, (n: number) => RouteUnit[], (n: number) => [string, string][]][] = [
  [
    "host and prefix, each asked in turn",
    (n) => list(n, (i) => route(i, "shop.localhost", "PathPrefix", `/service-${i}`)),
    (n) => list(n, (i) => [host, `/service-${i}/items/42`]),
  ],
  [
    "host and prefix, the last one asked",
    (n) => list(n, (i) => route(i, "shop.localhost", "PathPrefix", `/service-${i}`)),
    (n) => [[host, `/service-${n - 1}/items/42`]],
  ],
  [
    "any host and the prefix /",
    (n) => [route(0, "", "PathPrefix", "/"), ...list(n - 1, (i) => route(i, `h${i}.x`, "PathPrefix", "/"))],
    () => [[host, "/service/items/42"]],
  ],
  [
    "host of many, each in turn",
    (n) => list(n, (i) => route(i, `host-${i}.localhost`, "PathPrefix", "/")),
    (n) => list(n, (i) => [`host-${i}.localhost:8080`, "/service/items/42"]),
  ],
  [
    "wildcard host, each in turn",
    (n) => list(n, (i) => route(i, `*.tenant-${i}.localhost`, "PathPrefix", "/")),
    (n) => list(n, (i) => [`shop.tenant-${i}.localhost:8080`, "/service/items/42"]),
  ],
  [
    "exact path, each in turn",
    (n) => list(n, (i) => route(i, "shop.localhost", "Exact", `/service-${i}/items`)),
    (n) => list(n, (i) => [host, `/service-${i}/items`]),
  ],
  [
    "regular expression, the last of 10",
    () => list(10, (i) => route(i, "shop.localhost", "RegularExpression", `/service-${i}/[0-9]+(/.*)?`)),
    () => [[host, "/service-9/42/items"]],
  ],
];

console.log(`${"ns per lookup".padEnd(40)}${sizes.map((n) => `${n} routes`.padStart(14)).join("")}`);
for (const [name, routesOf, linesOf] of cases) {
  const cells: string[] = [];
  for (const n of sizes) {
    const { router } = build(routesOf(n));
    cells.push(measure(router, linesOf(n)).toFixed(0).padStart(14));
  }
  console.log(`${name.padEnd(40)}${cells.join("")}`);
}
build(cases[0][1](10_000));
const { buildMs, longestMs } = build(cases[0][1](10_000));
console.log(`build of 10,000 routes: ${buildMs.toFixed(0)} ms, longest slice ${longestMs.toFixed(2)} ms`);
