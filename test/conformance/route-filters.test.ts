import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type AuthzServer, openAuthzServer } from "./ext-authz-server.ts";
import { type Fabric, openFabric, toldOfRoute } from "./fabric.ts";
import {
  endpoint,
  exact,
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
/** Allows, or answers the status that the query asks for. */
let authz: MoodyServer;
/** The same by Envoy's protocol: allows who has the key "good". */
let grpcAuthz: AuthzServer;

type Spec = Record<string, unknown>;
const hostOf = (name: string) => [`${name}.test`];
const onPath = (value: string, more: Spec) => ({ matches: [prefix(value)], ...more });

const redirect = (requestRedirect: Spec) => ({ type: "RequestRedirect", requestRedirect });
const rewrite = (urlRewrite: Spec) => ({ type: "URLRewrite", urlRewrite });
const request = (requestHeaderModifier: Spec) => ({ type: "RequestHeaderModifier", requestHeaderModifier });
const response = (responseHeaderModifier: Spec) => ({
  type: "ResponseHeaderModifier",
  responseHeaderModifier,
});
const full = (replaceFullPath: string) => ({ path: { type: "ReplaceFullPath", replaceFullPath } });
const prefixTo = (replacePrefixMatch: string) => ({
  path: { type: "ReplacePrefixMatch", replacePrefixMatch },
});

before(async () => {
  authz = await openMoodyServer();
  grpcAuthz = await openAuthzServer(({ attributes }) => {
    const { path: target } = attributes.request.http;
    if (target.includes("key=good"))
      return { status: { code: 0 }, ok_response: { headers: [{ header: { key: "x-user", value: "bob" } }] } };
    return { status: { code: 7 }, denied_response: { status: { code: 403 }, body: "not you" } };
  });
  fabric = await openFabric({
    ports: ["http"],
    services: ["infra/v1", "infra/v2"],
    resources: ({ http }) => [
      gateway("infra/edge", [httpListener("http", http)]),
      ...redirects(),
      ...rewrites(),
      ...modifiers(),
      service("infra/authz"),
      endpoint("infra/authz", authz.port),
      service("infra/grpc-authz"),
      endpoint("infra/grpc-authz", grpcAuthz.port),
    ],
  });
});
after(async () => {
  await fabric[Symbol.asyncDispose]();
  await authz.close();
  grpcAuthz.close();
});

const externalAuth = (name: string, maxSize = 0) => ({
  type: "ExternalAuth",
  externalAuth: { protocol: "HTTP", backendRef: to(name), http: {}, forwardBody: { maxSize } },
});
const grpcAuth = (allowedHeaders: readonly string[]) => ({
  type: "ExternalAuth",
  externalAuth: { protocol: "GRPC", backendRef: to("grpc-authz"), grpc: { allowedHeaders } },
});

function redirects(): Manifest[] {
  const answers = (name: string, filters: Record<string, Spec>) =>
    route(
      `infra/${name}`,
      "edge",
      Object.entries(filters).map(([path, filter]) => onPath(path, { filters: [redirect(filter)] })),
      hostOf(name),
    );
  return [
    answers("redirect-host", {
      "/hostname-redirect": { hostname: "example.org" },
      "/status-code-301": { statusCode: 301 },
      "/host-and-status": { hostname: "example.org", statusCode: 301 },
      "/empty": {},
    }),
    answers("redirect-codes", {
      "/301": { hostname: "example.org", statusCode: 301 },
      "/302": { hostname: "example.org", statusCode: 302 },
      "/303": { hostname: "example.org", statusCode: 303 },
      "/307": { hostname: "example.org", statusCode: 307 },
      "/308": { hostname: "example.org", statusCode: 308 },
    }),
    answers("redirect-path", {
      "/original-prefix": prefixTo("/replacement-prefix"),
      "/full": full("/full-path-replacement"),
      "/full-and-host": { hostname: "example.org", ...full("/replacement") },
      "/prefix-and-host": { hostname: "example.org", ...prefixTo("/replacement") },
      "/full-and-status": { statusCode: 301, ...full("/replacement") },
      "/to-root": prefixTo("/"),
      "/to-nothing": prefixTo(""),
      "/trailing": prefixTo("/replacement/"),
      "/prefix/trailing/": prefixTo("/replacement"),
    }),
    answers("redirect-port", {
      "/port": { port: 8083 },
      "/port-and-host": { port: 8083, hostname: "example.org" },
      "/port-and-status": { port: 8083, statusCode: 301 },
      "/port-80": { port: 80 },
      "/port-443": { port: 443 },
    }),
    answers("redirect-scheme", {
      "/scheme": { scheme: "https" },
      "/scheme-and-host": { scheme: "https", hostname: "example.org" },
      "/scheme-and-status": { scheme: "https", statusCode: 301 },
      "/scheme-and-port": { scheme: "https", port: 8443 },
      "/https-port-80": { scheme: "https", port: 80 },
      "/https-port-443": { scheme: "https", port: 443 },
      "/http": { scheme: "http" },
      "/http-port-8080": { scheme: "http", port: 8080 },
      "/http-port-443": { scheme: "http", port: 443 },
    }),
  ];
}

function rewrites(): Manifest[] {
  const one = { name: "rewrite-path", hosts: hostOf("rewrite-path") };
  return [
    route(
      "infra/rewrite-host",
      "edge",
      [
        onPath("/one", { filters: [rewrite({ hostname: "one.example.org" })], backendRefs: [to("v1")] }),
        onPath("/with-headers", {
          filters: [
            rewrite({ hostname: "test.example.org" }),
            request({ set: [{ name: "X-Header-Set", value: "set" }], remove: ["X-Gone"] }),
          ],
          backendRefs: [to("v2")],
        }),
        onPath("/", { filters: [rewrite({ hostname: "rest.example.org" })], backendRefs: [to("v2")] }),
      ],
      hostOf("rewrite-host"),
    ),
    route(
      `infra/${one.name}`,
      "edge",
      [
        onPath("/prefix/one", { filters: [rewrite(prefixTo("/one"))], backendRefs: [to("v1")] }),
        onPath("/full/one", { filters: [rewrite(full("/one"))], backendRefs: [to("v1")] }),
        onPath("/strip-prefix", { filters: [rewrite(prefixTo("/"))], backendRefs: [to("v1")] }),
        onPath("/to-nothing", { filters: [rewrite(prefixTo(""))], backendRefs: [to("v1")] }),
        onPath("/slash/", { filters: [rewrite(prefixTo("/new/"))], backendRefs: [to("v1")] }),
        onPath("/full/rewrite-path-and-modify-headers", {
          filters: [
            rewrite(full("/test")),
            request({
              set: [{ name: "X-Header-Set", value: "set-overwrites-values" }],
              add: [{ name: "X-Header-Add", value: "header-val-1" }],
              remove: ["X-Header-Remove"],
            }),
          ],
          backendRefs: [to("v1")],
        }),
        onPath("/backend", { backendRefs: [to("v2", { filters: [rewrite(full("/of-the-backend"))] })] }),
      ],
      one.hosts,
    ),
  ];
}

function modifiers(): Manifest[] {
  const changes: Record<string, Spec> = {
    "/set": { set: [{ name: "X-Header-Set", value: "set-overwrites-values" }] },
    "/add": { add: [{ name: "X-Header-Add", value: "add-appends-values" }] },
    "/remove": { remove: ["X-Header-Remove"] },
    "/multiple": {
      set: [
        { name: "X-Header-Set-1", value: "header-set-1" },
        { name: "X-Header-Set-2", value: "header-set-2" },
      ],
      add: [
        { name: "X-Header-Add-1", value: "header-add-1" },
        { name: "X-Header-Add-2", value: "header-add-2" },
        { name: "X-Header-Add-3", value: "header-add-3" },
      ],
      remove: ["X-Header-Remove-1", "X-Header-Remove-2"],
    },
    "/case-insensitivity": {
      set: [{ name: "X-Header-Set", value: "header-set" }],
      add: [{ name: "X-Header-Add", value: "header-add" }],
      remove: ["X-Header-Remove"],
    },
  };
  const rules = (filter: (change: Spec) => Spec, backend: string) =>
    Object.entries(changes).map(([path, change]) =>
      rule([exact(path)], backend, { filters: [filter(change)] }),
    );
  return [
    route("infra/request-headers", "edge", rules(request, "v1"), hostOf("request-headers")),
    route(
      "infra/backend-request-headers",
      "edge",
      Object.entries(changes).map(([path, change]) => ({
        matches: [exact(path)],
        backendRefs: [to("v1", { filters: [request(change)] })],
      })),
      hostOf("backend-request-headers"),
    ),
    route(
      "infra/response-headers",
      "edge",
      [
        onPath("/set", {
          filters: [response({ set: [{ name: "Served-By", value: "nobody" }] })],
          backendRefs: [to("v1")],
        }),
        onPath("/add", {
          filters: [
            response({
              add: [
                { name: "Served-By", value: "more" },
                { name: "X-New", value: "new" },
              ],
            }),
          ],
          backendRefs: [to("v1")],
        }),
        onPath("/remove", {
          filters: [response({ remove: ["served-by", "X-Not-There"] })],
          backendRefs: [to("v1")],
        }),
        onPath("/redirect", {
          filters: [
            response({ set: [{ name: "X-On-Redirect", value: "yes" }] }),
            redirect({ hostname: "example.org" }),
          ],
        }),
      ],
      hostOf("response-headers"),
    ),
    route(
      "infra/per-backend",
      "edge",
      [
        {
          backendRefs: ["v1", "v2"].map((name) =>
            to(name, {
              filters: [
                request({ set: [{ name: "X-To", value: name }] }),
                response({ set: [{ name: "X-From", value: name }] }),
              ],
            }),
          ),
          filters: [request({ add: [{ name: "X-To", value: "rule" }] })],
        },
      ],
      hostOf("per-backend"),
    ),
    route(
      "infra/external-auth",
      "edge",
      [
        rule([prefix("/")], "v1", { filters: [externalAuth("authz")] }),
        rule([prefix("/body")], "v1", { filters: [externalAuth("authz", 16)] }),
        rule([prefix("/nobody")], "v1", { filters: [externalAuth("nobody")] }),
      ],
      hostOf("external-auth"),
    ),
    route(
      "infra/external-auth-grpc",
      "edge",
      [rule([prefix("/")], "v1", { filters: [grpcAuth(["x-asked"])] })],
      hostOf("external-auth-grpc"),
    ),
    route(
      "infra/external-auth-nobody",
      "edge",
      [rule([prefix("/")], "v1", { filters: [externalAuth("nobody")] })],
      hostOf("external-auth-nobody"),
    ),
    route(
      "infra/unsupported",
      "edge",
      [
        rule([prefix("/good")], "v1"),
        rule([prefix("/bad")], "v1", {
          filters: [
            { type: "ExtensionRef", extensionRef: { group: "x.example", kind: "Filter", name: "x" } },
          ],
        }),
      ],
      hostOf("unsupported"),
    ),
  ];
}

const ask = (host: string, target: string, options?: Ask) =>
  fabric.ask("http", target, { host: `${host}.test`, ...options });

/** `302 Location` of requests by their target; PORT stands for the listener's. */
async function expectRedirects(host: string, expected: Record<string, string>): Promise<void> {
  const port = fabric.ports.http;
  for (const [target, wanted] of Object.entries(expected)) {
    const answer = await ask(host, target);
    const got = `${answer.status} ${answer.headers.location ?? ""}`;
    assert.equal(got, wanted.replace("PORT", String(port)), target);
    assert.equal(answer.body, "");
  }
}

test("HTTPRouteRedirectHostAndStatus: host and status, the rest as it came", async () => {
  await expectRedirects("redirect-host", {
    "/hostname-redirect": "302 http://example.org:PORT/hostname-redirect",
    "/hostname-redirect/deep?a=b&c": "302 http://example.org:PORT/hostname-redirect/deep?a=b&c",
    "/status-code-301": "301 http://redirect-host.test:PORT/status-code-301",
    "/host-and-status": "301 http://example.org:PORT/host-and-status",
    "/empty": "302 http://redirect-host.test:PORT/empty",
  });
  // The port of the Host header is not that of the listener; the listener's counts.
  const answer = await ask("redirect-host", "/empty", { host: "redirect-host.test:1234" });
  assert.equal(answer.headers.location, `http://redirect-host.test:${fabric.ports.http}/empty`);
});

const codes = { 303: "See Other", 307: "Temporary Redirect", 308: "Permanent Redirect" } as const;
for (const [code, name] of Object.entries(codes)) {
  test(`HTTPRoute${code}Redirect: ${name}, whatever the method`, async () => {
    for (const method of ["GET", "POST"]) {
      const answer = await ask("redirect-codes", `/${code}`, { method });
      assert.equal(answer.status, Number(code));
      assert.equal(answer.headers.location, `http://example.org:${fabric.ports.http}/${code}`);
    }
  });
}

test("HTTPRouteRedirectPath: the whole path, or the matched prefix by segments", async () => {
  await expectRedirects("redirect-path", {
    "/original-prefix/lemon": "302 http://redirect-path.test:PORT/replacement-prefix/lemon",
    "/original-prefix": "302 http://redirect-path.test:PORT/replacement-prefix",
    "/original-prefix/": "302 http://redirect-path.test:PORT/replacement-prefix/",
    "/original-prefix?q=/original-prefix":
      "302 http://redirect-path.test:PORT/replacement-prefix?q=/original-prefix",
    "/full/path/original": "302 http://redirect-path.test:PORT/full-path-replacement",
    "/full-and-host/x": "302 http://example.org:PORT/replacement",
    "/prefix-and-host/x": "302 http://example.org:PORT/replacement/x",
    "/full-and-status/x": "301 http://redirect-path.test:PORT/replacement",
    "/to-root/x": "302 http://redirect-path.test:PORT/x",
    "/to-root": "302 http://redirect-path.test:PORT/",
    "/to-nothing/x": "302 http://redirect-path.test:PORT/x",
    "/to-nothing": "302 http://redirect-path.test:PORT/",
    "/trailing/x": "302 http://redirect-path.test:PORT/replacement/x",
    "/prefix/trailing/x": "302 http://redirect-path.test:PORT/replacement/x",
    "/prefix/trailing": "302 http://redirect-path.test:PORT/replacement",
  });
});

test("HTTPRouteRedirectPort: the port is added unless it is the scheme's own", async () => {
  await expectRedirects("redirect-port", {
    "/port": "302 http://redirect-port.test:8083/port",
    "/port-and-host": "302 http://example.org:8083/port-and-host",
    "/port-and-status": "301 http://redirect-port.test:8083/port-and-status",
    "/port-80": "302 http://redirect-port.test/port-80",
    "/port-443": "302 http://redirect-port.test:443/port-443",
  });
});

test("HTTPRouteRedirectScheme: the scheme brings its own port", async () => {
  await expectRedirects("redirect-scheme", {
    "/scheme": "302 https://redirect-scheme.test/scheme",
    "/scheme-and-host": "302 https://example.org/scheme-and-host",
    "/scheme-and-status": "301 https://redirect-scheme.test/scheme-and-status",
    "/http": "302 http://redirect-scheme.test/http",
  });
});

test("HTTPRouteRedirectPortAndScheme: a port that is given counts, and is left out where it says nothing", async () => {
  await expectRedirects("redirect-scheme", {
    "/scheme-and-port": "302 https://redirect-scheme.test:8443/scheme-and-port",
    "/https-port-80": "302 https://redirect-scheme.test:80/https-port-80",
    "/https-port-443": "302 https://redirect-scheme.test/https-port-443",
    "/http-port-8080": "302 http://redirect-scheme.test:8080/http-port-8080",
    "/http-port-443": "302 http://redirect-scheme.test:443/http-port-443",
  });
});

test("HTTPRouteRewriteHost: the backend sees another Host", async () => {
  const hostSeen = async (target: string) => {
    const answer = await ask("rewrite-host", target, { headers: { "X-Gone": "here" } });
    return [answer.servedBy, seen(answer, "host"), answer.echo?.url, seen(answer, "x-gone")];
  };
  assert.deepEqual(await hostSeen("/one"), ["infra/v1", ["one.example.org"], "/one", ["here"]]);
  assert.deepEqual(await hostSeen("/x"), ["infra/v2", ["rest.example.org"], "/x", ["here"]]);
  assert.deepEqual(await hostSeen("/with-headers"), ["infra/v2", ["test.example.org"], "/with-headers", []]);
});

test("HTTPRouteRewritePath: the backend sees another path, and the query as it was", async () => {
  const urlSeen = async (target: string) => (await ask("rewrite-path", target)).echo?.url;
  assert.equal(await urlSeen("/prefix/one/two"), "/one/two");
  assert.equal(await urlSeen("/prefix/one"), "/one");
  assert.equal(await urlSeen("/prefix/one/"), "/one/");
  assert.equal(await urlSeen("/prefix/one/two?a=/prefix/one"), "/one/two?a=/prefix/one");
  assert.equal(await urlSeen("/full/one/two?x"), "/one?x");
  assert.equal(await urlSeen("/strip-prefix/three"), "/three");
  assert.equal(await urlSeen("/strip-prefix"), "/");
  assert.equal(await urlSeen("/strip-prefix/"), "/");
  assert.equal(await urlSeen("/to-nothing/three"), "/three");
  assert.equal(await urlSeen("/to-nothing"), "/");
  assert.equal(await urlSeen("/slash/three"), "/new/three");
  assert.equal(await urlSeen("/slash"), "/new");
});

test("HTTPRouteRewritePathAndModifyHeaders: filters of several kinds work together", async () => {
  const answer = await ask("rewrite-path", "/full/rewrite-path-and-modify-headers/x", {
    headers: { "X-Header-Set": "some-other-value", "X-Header-Remove": "any", "X-Header-Add": "first" },
  });
  assert.equal(answer.echo?.url, "/test");
  assert.deepEqual(seen(answer, "x-header-set"), ["set-overwrites-values"]);
  assert.deepEqual(seen(answer, "x-header-add"), ["first,header-val-1"]);
  assert.deepEqual(seen(answer, "x-header-remove"), []);
});

test("HTTPRouteBackendURLRewrite: a rewrite of one backend", async () => {
  const answer = await ask("rewrite-path", "/backend/x");
  assert.deepEqual([answer.servedBy, answer.echo?.url], ["infra/v2", "/of-the-backend"]);
});

/** What the backend saw of the headers that the modifier tests speak of. */
const modified = (answer: Answer) =>
  Object.fromEntries(
    (answer.echo?.headers ?? [])
      .filter(([name]) => name.toLowerCase().startsWith("x-header"))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );

for (const [title, host] of [
  ["HTTPRouteRequestHeaderModifier: set, add and remove, names in any case", "request-headers"],
  ["HTTPRouteBackendRequestHeaderModifier: the same for one backend", "backend-request-headers"],
] as const) {
  test(title, async () => {
    const changed = async (target: string, headers: Record<string, string | string[]>) =>
      modified(await ask(host, target, { headers }));
    const set = "set-overwrites-values";
    assert.deepEqual(await changed("/set", { "Some-Other-Header": "val" }), { "x-header-set": set });
    assert.deepEqual(await changed("/set", { "X-Header-Set": "other" }), { "x-header-set": set });
    assert.deepEqual(await changed("/set", { "X-Header-Set": ["two", "lines"] }), { "x-header-set": set });
    assert.deepEqual(await changed("/add", {}), { "x-header-add": "add-appends-values" });
    assert.deepEqual(await changed("/add", { "X-Header-Add": "some" }), {
      "x-header-add": "some,add-appends-values",
    });
    assert.deepEqual(await changed("/remove", { "X-Header-Remove": "val" }), {});
    assert.deepEqual(
      await changed("/multiple", {
        "X-Header-Set-2": "set-val-2",
        "X-Header-Add-2": "add-val-2",
        "X-Header-Remove-2": "remove-val-2",
        "X-Header-Kept": "kept",
      }),
      {
        "x-header-set-1": "header-set-1",
        "x-header-set-2": "header-set-2",
        "x-header-add-1": "header-add-1",
        "x-header-add-2": "add-val-2,header-add-2",
        "x-header-add-3": "header-add-3",
        "x-header-kept": "kept",
      },
    );
    assert.deepEqual(
      await changed("/case-insensitivity", {
        "x-header-set": "original",
        "x-header-add": "original",
        "x-HEADER-remove": "any",
      }),
      { "x-header-set": "header-set", "x-header-add": "original,header-add" },
    );
  });
}

test("HTTPRouteResponseHeaderModifier: set, add and remove on the response, on that of a redirect too", async () => {
  const servedBy = async (target: string) => (await ask("response-headers", target)).headers["served-by"];
  assert.equal(await servedBy("/set"), "nobody");
  assert.equal(await servedBy("/remove"), undefined);
  const added = await ask("response-headers", "/add");
  assert.equal(added.headers["served-by"], "infra/v1,more");
  assert.equal(added.headers["x-new"], "new");
  const redirected = await ask("response-headers", "/redirect");
  assert.deepEqual([redirected.status, redirected.headers["x-on-redirect"]], [302, "yes"]);
});

test("HTTPRouteBackendHeaderModifiers: each backend has its own, after those of the rule", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask("per-backend", "/")));
  for (const answer of answers) {
    const name = String(answer.servedBy).replace("infra/", "");
    assert.deepEqual(seen(answer, "x-to"), [name]);
    assert.equal(answer.headers["x-from"], name);
  }
  assert.equal(new Set(answers.map(({ servedBy }) => servedBy)).size, 2);
});

test("HTTPRouteUnresolvedFilter: it is never skipped; its rule answers an error, the others are served", async () => {
  assert.equal((await ask("unsupported", "/good")).servedBy, "infra/v1");
  assert.equal((await ask("unsupported", "/bad")).status, 500);
  const found = await fabric.read("httproutes", "infra/unsupported");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=True Accepted");
  assert.match(toldOfRoute(found, "PartiallyInvalid"), /^PartiallyInvalid=True /);
});

test("HTTPRouteExternalAuthHTTP: what the service allows goes on, else its answer is the client's", async () => {
  assert.equal((await ask("external-auth", "/?key=good")).servedBy, "infra/v1");
  const denied = await ask("external-auth", "/?key=bad&fail=403&times=9", { method: "POST", body: "text" });
  assert.deepEqual([denied.status, denied.body], [403, "failed"]);
  assert.deepEqual(
    authz.seenOf("bad").map(({ method, url, body }) => [method, url, body]),
    [["POST", "/?key=bad&fail=403&times=9", ""]],
  );
  assert.equal((await ask("external-auth", "/?key=broken&fail=500&times=9")).status, 403);
});

test("HTTPRouteExternalAuthGRPC: what the service allows goes on, with its headers, else its answer is the client's", async () => {
  const allowed = await ask("external-auth-grpc", "/?key=good", {
    headers: { "x-asked": "1", "x-kept": "2" },
  });
  assert.equal(allowed.servedBy, "infra/v1");
  assert.deepEqual(seen(allowed, "x-user"), ["bob"]);
  const told = grpcAuthz.seen.at(-1)!.attributes.request.http;
  assert.deepEqual([told.method, told.path, told.host], ["GET", "/?key=good", "external-auth-grpc.test"]);
  assert.deepEqual([told.headers["x-asked"], told.headers["x-kept"]], ["1", undefined]);
  const denied = await ask("external-auth-grpc", "/?key=bad");
  assert.deepEqual([denied.status, denied.body], [403, "not you"]);
});

test("HTTPRouteExternalAuthHTTPForwardBody: it gets the body, and a longer one is refused", async () => {
  const allowed = await ask("external-auth", "/body?key=short", { method: "POST", body: "text" });
  assert.equal(allowed.echo?.bodyLength, 4);
  assert.deepEqual(
    authz.seenOf("short").map(({ body }) => body),
    ["text"],
  );
  const refused = await ask("external-auth", "/body?key=long", { method: "POST", body: "x".repeat(17) });
  assert.equal(refused.status, 413);
});

test("HTTPRouteExternalAuthPartiallyInvalid: a rule that nobody can guard is told apart from the others", async () => {
  const found = await fabric.read("httproutes", "infra/external-auth");
  const condition = found.status.parents[0]?.conditions.find(({ type }) => type === "PartiallyInvalid");
  assert.equal(condition?.status, "True");
  assert.match(condition.message, /^Dropped Rule 2: /);
  const alone = await fabric.read("httproutes", "infra/external-auth-nobody");
  assert.equal(toldOfRoute(alone, "Accepted"), "Accepted=True Accepted");
  assert.equal(toldOfRoute(alone, "ResolvedRefs"), "ResolvedRefs=False BackendNotFound");
  assert.equal(toldOfRoute(alone, "PartiallyInvalid"), "no PartiallyInvalid");
});

test("HTTPRouteExternalAuthUnknownBackendRef: while nobody can be asked, nobody is let in", async () => {
  const found = await fabric.read("httproutes", "infra/external-auth");
  assert.equal(toldOfRoute(found, "Accepted"), "Accepted=True Accepted");
  assert.equal(toldOfRoute(found, "ResolvedRefs"), "ResolvedRefs=False BackendNotFound");
  assert.equal((await ask("external-auth", "/nobody")).status, 500);
});
