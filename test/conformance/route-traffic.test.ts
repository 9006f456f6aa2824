import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { type Http2Server, openHttp2Server } from "@heddle/testkit";
import { eventually, type Fabric, openFabric, toldOfRoute } from "./fabric.ts";
import {
  endpoint,
  gateway,
  httpListener,
  type Manifest,
  prefix,
  route,
  rule,
  service,
  to,
} from "./manifests.ts";
import { type MoodyServer, openMoodyServer } from "./moody-server.ts";
import { type Answer, type Ask, seen } from "./send.ts";

let fabric: Fabric<"http">;
let moody: MoodyServer;
let mirrors: MoodyServer[];
let clearText: Http2Server;

type Spec = Record<string, unknown>;
const hostOf = (name: string) => [`${name}.test`];
const mirrorTo = (name: string, more: Spec = {}) => ({
  type: "RequestMirror",
  requestMirror: { backendRef: to(name), ...more },
});

before(async () => {
  [moody, ...mirrors] = await Promise.all([openMoodyServer(), openMoodyServer(), openMoodyServer()]);
  clearText = await openHttp2Server((stream, headers) => {
    stream.respond({ ":status": 200, "seen-path": headers[":path"] ?? "", "seen-version": "2" });
    stream.end();
  });
  fabric = await openFabric({
    ports: ["http"],
    services: ["infra/v1", "infra/v2", "infra/v3"],
    resources: ({ http }, backends) => [
      gateway("infra/edge", [httpListener("http", http)]),
      service("infra/moody"),
      endpoint("infra/moody", moody.port),
      ...mirrors.flatMap(({ port }, at) => [
        service(`infra/mirror-${at}`),
        endpoint(`infra/mirror-${at}`, port),
      ]),
      service("infra/fragile"),
      endpoint("infra/fragile", moody.port),
      ...mirrored(),
      ...timed(),
      service("infra/pair"),
      endpoint("infra/pair", backends["infra/v1"]!.port, "a"),
      endpoint("infra/pair", backends["infra/v2"]!.port, "b"),
      ...sessions(),
      route(
        "infra/weight",
        "edge",
        [{ backendRefs: [to("v1", { weight: 70 }), to("v2", { weight: 30 }), to("v3", { weight: 0 })] }],
        hostOf("weight"),
      ),
      route(
        "infra/named",
        "edge",
        [rule([prefix("/named")], "v1", { name: "named-rule" }), rule([prefix("/unnamed")], "v2")],
        hostOf("named"),
      ),
      service("infra/socket", { appProtocol: "kubernetes.io/ws" }),
      endpoint("infra/socket", moody.port),
      route("infra/socket", "edge", [rule([prefix("/socket")], "socket")]),
      service("infra/clear-text", { appProtocol: "kubernetes.io/h2c" }),
      endpoint("infra/clear-text", clearText.port),
      route("infra/clear-text", "edge", [rule([prefix("/clear-text")], "clear-text")]),
    ],
  });
});
after(async () => {
  // Before Heddle: what hangs in them would hold up its drain.
  await Promise.all([moody, clearText, ...mirrors].map((server) => server.close()));
  await fabric[Symbol.asyncDispose]();
});

function mirrored(): Manifest[] {
  const copying = (name: string, filters: Spec[]) =>
    route(`infra/${name}`, "edge", [{ filters, backendRefs: [to("v1")] }], hostOf(name));
  return [
    copying("mirror", [
      { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "X-Set", value: "before" }] } },
      mirrorTo("mirror-0"),
    ]),
    copying("mirrors", [mirrorTo("mirror-0"), mirrorTo("mirror-1")]),
    copying("mirror-percent", [mirrorTo("mirror-0", { percent: 20 })]),
    copying("mirror-fraction", [mirrorTo("mirror-0", { fraction: { numerator: 1, denominator: 2 } })]),
    copying("mirror-none", [mirrorTo("mirror-0", { percent: 0 })]),
    copying("mirror-of-nothing", [mirrorTo("nonexistent")]),
    copying("mirror-not-granted", [
      { type: "RequestMirror", requestMirror: { backendRef: { ...to("web/v1") } } },
    ]),
    service("web/v1"),
  ];
}

function timed(): Manifest[] {
  const rules: Record<string, Spec> = {
    "/request-timeout": { timeouts: { request: "200ms" } },
    "/disabled": { timeouts: { request: "0s" } },
    "/backend-timeout": { timeouts: { backendRequest: "200ms" } },
    "/both": { timeouts: { request: "2s", backendRequest: "200ms" } },
    "/retry": { retry: { attempts: 3, codes: [500, 502, 503, 504], backoff: "20ms" } },
    "/retry-default": { retry: { codes: [503] } },
    "/no-retry": {},
    "/retry-timeout": {
      retry: { attempts: 2, codes: [500], backoff: "10ms" },
      timeouts: { backendRequest: "150ms" },
    },
    "/retry-until": {
      retry: { attempts: 20, codes: [503], backoff: "100ms" },
      timeouts: { request: "350ms" },
    },
  };
  const list = Object.entries(rules).map(([path, more]) => rule([prefix(path)], "moody", more));
  // A pool of its own: what breaks on a connection that was used before is repeated once more, as stale.
  list.push(rule([prefix("/retry-connection")], "fragile", { retry: { attempts: 2, backoff: "10ms" } }));
  return [route("infra/timed", "edge", list, hostOf("timed"))];
}

function sessions(): Manifest[] {
  const rules: Record<string, Spec> = {
    "/cookie": { type: "Cookie", sessionName: "shop-session" },
    "/unnamed": {},
    "/permanent": {
      type: "Cookie",
      sessionName: "shop-permanent",
      absoluteTimeout: "1h",
      cookieConfig: { lifetimeType: "Permanent" },
    },
    "/header": { type: "Header", sessionName: "X-Session" },
  };
  const list = Object.entries(rules).map(([path, sessionPersistence]) =>
    rule([prefix(path)], "pair", { sessionPersistence }),
  );
  return [route("infra/sessions", "edge", list, hostOf("sessions"))];
}

const ask = (host: string, target: string, options?: Ask) =>
  fabric.ask("http", target, { host: `${host}.test`, ...options });

/** So many requests, a few at a time. */
async function askOften(count: number, host: string, target: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (answers.length < count) {
    const some = Math.min(25, count - answers.length);
    answers.push(...(await Promise.all(Array.from({ length: some }, () => ask(host, target)))));
  }
  return answers;
}

test("HTTPRouteWeight: requests are shared by weight, a weight of 0 gets none", async () => {
  const answers = await askOften(400, "weight", "/");
  const count = (name: string) => answers.filter(({ servedBy }) => servedBy === name).length;
  const first = count("infra/v1");
  // 70 % of 400, with five standard deviations to each side.
  assert.ok(first > 234 && first < 326, `${first} of 400`);
  assert.equal(count("infra/v2"), 400 - first);
});

test("HTTPRouteNamedRule: a rule's name is its name in metrics, and nothing else changes", async () => {
  assert.equal((await ask("named", "/named")).servedBy, "infra/v1");
  assert.equal((await ask("named", "/unnamed")).servedBy, "infra/v2");
  await eventually(async () => {
    const metrics = await (await fetch(`${fabric.heddle.api}/metrics`)).text();
    assert.match(metrics, /heddle_requests_total\{[^}]*route="infra\/named"[^}]*rule="named-rule"/);
    assert.match(metrics, /heddle_requests_total\{[^}]*route="infra\/named"[^}]*rule="1"/);
  });
});

test("HTTPRouteRequestMirror: the mirror gets the request as it is at that place, and its answer is dropped", async () => {
  const key = "one-mirror";
  const answer = await ask("mirror", `/x?key=${key}&fail=500&times=9`, { method: "POST", body: "the body" });
  assert.equal(answer.servedBy, "infra/v1");
  assert.equal(answer.echo?.bodyLength, 8);
  await eventually(() => assert.equal(mirrors[0]!.seenOf(key).length, 1));
  const [copy] = mirrors[0]!.seenOf(key);
  assert.deepEqual(
    [copy?.method, copy?.url, copy?.body, copy?.headers["x-set"], copy?.headers.host],
    ["POST", `/x?key=${key}&fail=500&times=9`, "the body", "before", "mirror.test"],
  );
  assert.equal(mirrors[1]!.seenOf(key).length, 0);
});

test("HTTPRouteRequestMirrorDoesNotWait: a mirror that hangs delays nobody", async () => {
  const startMs = performance.now();
  const answer = await ask("mirror", "/x?key=hanging&fail=hang&times=9");
  assert.equal(answer.servedBy, "infra/v1");
  assert.ok(performance.now() - startMs < 10_000);
});

test("HTTPRouteRequestMultipleMirrors: each mirror gets a copy", async () => {
  const answer = await ask("mirrors", "/y?key=two-mirrors");
  assert.equal(answer.servedBy, "infra/v1");
  await eventually(() =>
    assert.deepEqual(
      mirrors.map((one) => one.seenOf("two-mirrors").length),
      [1, 1],
    ),
  );
});

test("HTTPRouteRequestPercentageMirror: a share of the requests is copied, to within a twentieth of it", async () => {
  const copies = (key: string) => mirrors[0]!.seenOf(key).length;
  await Promise.all([
    askOften(300, "mirror-percent", "/?key=percent"),
    askOften(200, "mirror-fraction", "/?key=fraction"),
    askOften(30, "mirror-none", "/?key=none"),
  ]);
  await eventually(() => assert.ok(Math.abs(copies("percent") - 60) <= 3, `${copies("percent")}`));
  await eventually(() => assert.ok(Math.abs(copies("fraction") - 100) <= 5, `${copies("fraction")}`));
  assert.equal(copies("none"), 0);
});

test("HTTPRouteRequestMirrorInvalid: a mirror that does not resolve is dropped, and said", async () => {
  for (const [name, reason] of [
    ["mirror-of-nothing", "BackendNotFound"],
    ["mirror-not-granted", "RefNotPermitted"],
  ]) {
    assert.equal((await ask(name!, "/")).servedBy, "infra/v1");
    const found = await fabric.read("httproutes", `infra/${name}`);
    assert.equal(toldOfRoute(found, "ResolvedRefs"), `ResolvedRefs=False ${reason}`);
  }
});

/** The status, and how long it took. */
async function timedAsk(
  target: string,
  options?: Ask,
): Promise<[status: number, tookMs: number, body: string]> {
  const startMs = performance.now();
  const { status, body } = await ask("timed", target, options);
  return [status, performance.now() - startMs, body];
}

test("HTTPRouteTimeoutRequest: 504 at the deadline, and none where it is zero", async () => {
  const [status, tookMs] = await timedAsk("/request-timeout?key=t1&fail=hang&times=9");
  assert.equal(status, 504);
  assert.ok(tookMs >= 190 && tookMs < 10_000, `${tookMs} ms`);
  assert.deepEqual((await timedAsk("/request-timeout?key=t2"))[0], 200);
  assert.deepEqual((await timedAsk("/disabled?key=t3"))[0], 200);
});

test("HTTPRouteTimeoutBackendRequest: 504 when the backend is not done in time", async () => {
  // Without a retry of the route, attempts at idempotent requests are repeated twice all the same.
  const timesOut = async (path: string) => {
    const [status, tookMs] = await timedAsk(`${path}?key=late${path}&fail=hang&times=9`);
    assert.equal(status, 504, path);
    assert.ok(tookMs >= 190 && tookMs < 10_000, `${path} ${tookMs} ms`);
    assert.equal((await timedAsk(`${path}?key=soon${path}`))[0], 200);
  };
  await Promise.all(["/backend-timeout", "/both"].map(timesOut));
  const [post, tookMs] = await timedAsk("/backend-timeout?key=post&fail=hang&times=9", { method: "POST" });
  assert.deepEqual([post, moody.seenOf("post").length], [504, 1]);
  assert.ok(tookMs >= 190 && tookMs < 10_000, `${tookMs} ms`);
});

test("HTTPRouteTimeoutCoversBody: a response that stops half-way is cut short, never ended well", async () => {
  for (const path of ["/request-timeout", "/backend-timeout"]) {
    await assert.rejects(
      ask("timed", `${path}?key=stall${path}&fail=stall&times=9`),
      /aborted|ECONNRESET|hang up/,
    );
  }
});

test("HTTPRouteRetry: the codes that are named are retried, so often, with a pause", async () => {
  const retried = async (code: number) => {
    const key = `retry-${code}`;
    const [status, , body] = await timedAsk(`/retry?key=${key}&fail=${code}&times=3`);
    assert.deepEqual([status, body], [200, "4"], key);
    const times = moody.seenOf(key).map(({ atMs }) => atMs);
    const pauses = times.slice(1).map((time, at) => time - times[at]!);
    assert.ok(
      pauses.every((pauseMs) => pauseMs >= 19),
      `${key} paused ${pauses.join(", ")} ms`,
    );
  };
  await Promise.all([500, 502, 503, 504].map(retried));
  const [status] = await timedAsk("/retry?key=too-often&fail=503&times=9");
  assert.equal(status, 503);
  assert.equal(moody.seenOf("too-often").length, 4, "one and three retries");
});

test("HTTPRouteRetryOfOtherCodes: what is not named is not retried", async () => {
  const [status] = await timedAsk("/retry?key=other&fail=501&times=1");
  assert.deepEqual([status, moody.seenOf("other").length], [501, 1]);
  const [unasked] = await timedAsk("/no-retry?key=unasked&fail=503&times=1");
  assert.deepEqual([unasked, moody.seenOf("unasked").length], [503, 1]);
  const [byDefault] = await timedAsk("/retry-default?key=default&fail=503&times=1");
  assert.deepEqual([byDefault, moody.seenOf("default").length], [200, 2]);
});

test("HTTPRouteRetryWithBody: a retry carries the body again", async () => {
  const target = "/retry?key=body&fail=503&times=2";
  const [status] = await timedAsk(target, { method: "POST", body: "again and again" });
  assert.equal(status, 200);
  assert.deepEqual(
    moody.seenOf("body").map(({ body }) => body),
    Array<string>(3).fill("again and again"),
  );
});

test("HTTPRouteRetryConnectionError: a connection that breaks is retried", async () => {
  const [status] = await timedAsk("/retry-connection?key=reset&fail=reset&times=2&close");
  assert.deepEqual([status, moody.seenOf("reset").length], [200, 3]);
  const [never] = await timedAsk("/retry-connection?key=resets&fail=reset&times=9");
  assert.equal(never, 502);
  assert.equal(moody.seenOf("resets").length, 3);
});

test("HTTPRouteRetryBackendTimeout: an attempt that takes too long is retried", async () => {
  const [status, tookMs] = await timedAsk("/retry-timeout?key=slow&fail=hang&times=2");
  assert.deepEqual([status, moody.seenOf("slow").length], [200, 3]);
  assert.ok(tookMs >= 300 && tookMs < 10_000, `${tookMs} ms`);
  const [never] = await timedAsk("/retry-timeout?key=slower&fail=hang&times=9");
  assert.deepEqual([never, moody.seenOf("slower").length], [504, 3]);
});

test("HTTPRouteRetryWithTimeouts: all attempts together end with the request's deadline", async () => {
  const [status, tookMs] = await timedAsk("/retry-until?key=until&fail=503&times=99");
  assert.ok(status === 504 || status === 503, `${status}`);
  assert.ok(tookMs < 10_000, `${tookMs} ms`);
  assert.ok(moody.seenOf("until").length <= 5);
});

const cookieOf = (answer: Answer) => answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";

test("HTTPRouteSessionPersistenceCookie: the cookie leads to the same endpoint", async () => {
  for (const path of ["/cookie", "/unnamed"]) {
    const first = await ask("sessions", path);
    const cookie = cookieOf(first);
    assert.match(cookie, path === "/cookie" ? /^shop-session=./ : /^[^=]+=./);
    assert.doesNotMatch(first.headers["set-cookie"]![0]!, /max-age|expires/i);
    for (let at = 0; at < 12; at++) {
      const next = await ask("sessions", `${path}/${at}`, { headers: { cookie: `other=1; ${cookie}` } });
      assert.equal(next.servedBy, first.servedBy);
    }
  }
  const fresh = await askOften(40, "sessions", "/cookie");
  assert.equal(new Set(fresh.map(({ servedBy }) => servedBy)).size, 2, "without a session both are used");
  const forged = await ask("sessions", "/cookie", { headers: { cookie: "shop-session=forged" } });
  assert.equal(forged.status, 200);
});

test("HTTPRouteSessionPersistenceCookiePermanentLifetime: the cookie says how long it lasts", async () => {
  const answer = await ask("sessions", "/permanent");
  assert.match(answer.headers["set-cookie"]?.[0] ?? "", /^shop-permanent=.*; Max-Age=3600/);
});

test("HTTPRouteSessionPersistenceHeader: the header leads to the same endpoint", async () => {
  const first = await ask("sessions", "/header");
  const token = String(first.headers["x-session"]);
  assert.notEqual(token, "undefined");
  for (let at = 0; at < 12; at++) {
    const next = await ask("sessions", "/header", { headers: { "X-Session": token } });
    assert.equal(next.servedBy, first.servedBy);
  }
});

test("HTTPRouteBackendProtocolWebSocket: upgrade, messages both ways, and a clean close", async () => {
  const found = await fabric.read("httproutes", "infra/socket");
  assert.equal(toldOfRoute(found, "ResolvedRefs"), "ResolvedRefs=True ResolvedRefs");
  const socket = new WebSocket(`ws://127.0.0.1:${fabric.ports.http}/socket`);
  await once(socket, "open");
  for (const text of ["one", "two, through the tunnel"]) {
    socket.send(text);
    const [message] = (await once(socket, "message")) as [MessageEvent];
    assert.equal(message.data, text);
  }
  socket.close(1000);
  const [closed] = (await once(socket, "close")) as [CloseEvent];
  assert.deepEqual([closed.code, closed.wasClean], [1000, true]);
});

test("HTTPRouteBackendProtocolH2C: a backend with appProtocol kubernetes.io/h2c is spoken to by prior knowledge", async () => {
  const found = await fabric.read("httproutes", "infra/clear-text");
  assert.equal(toldOfRoute(found, "ResolvedRefs"), "ResolvedRefs=True ResolvedRefs");
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`http://127.0.0.1:${fabric.ports.http}/clear-text/${i}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("seen-version"), "2");
    assert.equal(response.headers.get("seen-path"), `/clear-text/${i}`);
  }
  assert.equal(clearText.sessionCount, 1);
});

test("HTTPRouteRequestToWebSocketBackend: plain requests reach it too", async () => {
  const answer = await ask("weight", "/");
  assert.equal(seen(answer, "host").length, 1);
  assert.equal((await fabric.ask("http", "/socket/plain?key=plain")).status, 200);
});
