import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Fabric, openFabric } from "./fabric.ts";
import { gateway, httpListener, prefix, route, rule } from "./manifests.ts";
import type { Answer } from "./send.ts";

let fabric: Fabric<"http">;

const policies: Record<string, Record<string, unknown>> = {
  "/exact": {
    allowOrigins: ["https://www.foo.com", "http://www.bar.com:12345", "https://www.port.com:443"],
    allowMethods: ["GET", "OPTIONS"],
    allowHeaders: ["x-header-1", "x-header-2"],
    exposeHeaders: ["x-header-3", "x-header-4"],
    allowCredentials: true,
    maxAge: 3600,
  },
  "/wildcard-host": { allowOrigins: ["https://*.foo.com", "http://*.bar.com:9000"], allowMethods: ["PUT"] },
  "/any": { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"] },
  "/any-with-credentials": {
    allowOrigins: ["*"],
    allowMethods: ["*"],
    allowHeaders: ["*"],
    exposeHeaders: ["*"],
    allowCredentials: true,
  },
  "/minimal": { allowOrigins: ["https://www.foo.com"] },
  "/any-https": { allowOrigins: ["https://*"], allowCredentials: false },
};

before(async () => {
  fabric = await openFabric({
    ports: ["http"],
    services: ["infra/v1"],
    resources: ({ http }) => [
      gateway("infra/edge", [httpListener("http", http)]),
      route(
        "infra/cors",
        "edge",
        Object.entries(policies).map(([path, cors]) =>
          rule([prefix(path)], "v1", { filters: [{ type: "CORS", cors }] }),
        ),
      ),
    ],
  });
});
after(() => fabric[Symbol.asyncDispose]());

const preflight = (path: string, origin: string, method = "GET", headers = "x-header-1, x-header-2") =>
  fabric.ask("http", path, {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": method,
      ...(headers !== "" && { "Access-Control-Request-Headers": headers }),
    },
  });

const actual = (path: string, origin: string) => fabric.ask("http", path, { headers: { Origin: origin } });

/** The CORS headers of a response, without their prefix. */
function corsOf({ headers }: Answer): Record<string, unknown> {
  const start = "access-control-";
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(start))
      .map(([name, value]) => [name.slice(start.length), value]),
  );
}

test("HTTPRouteCORS: a preflight of an allowed origin gets the whole policy, and no backend sees it", async () => {
  const before = fabric.backends["infra/v1"]!.requestCount;
  for (const origin of ["https://www.foo.com", "http://www.bar.com:12345", "https://www.port.com"]) {
    const answer = await preflight("/exact", origin);
    assert.ok(answer.status === 200 || answer.status === 204);
    assert.deepEqual(corsOf(answer), {
      "allow-origin": origin,
      "allow-methods": "GET, OPTIONS",
      "allow-headers": "x-header-1, x-header-2",
      "expose-headers": "x-header-3, x-header-4",
      "allow-credentials": "true",
      "max-age": "3600",
    });
  }
  assert.equal(fabric.backends["infra/v1"]!.requestCount, before);
});

test("HTTPRouteCORSOriginNotAllowed: scheme, host and port count; the answer has no CORS headers", async () => {
  const others = [
    "https://foo.com",
    "http://www.foo.com",
    "https://www.foo.com:8443",
    "https://other.www.foo.com",
    "http://www.bar.com",
    "null",
  ];
  for (const origin of others) {
    const answer = await preflight("/exact", origin);
    assert.ok([200, 204, 403].includes(answer.status), origin);
    assert.deepEqual(corsOf(answer), {}, origin);
    const got = await actual("/exact", origin);
    assert.equal(got.servedBy, "infra/v1", "browsers keep it from the page");
    assert.deepEqual(corsOf(got), {}, origin);
  }
});

test("HTTPRouteCORSActualRequest: the response of the backend may be read, and says by whom", async () => {
  const answer = await actual("/exact", "https://www.foo.com");
  assert.equal(answer.servedBy, "infra/v1");
  assert.deepEqual(corsOf(answer), {
    "allow-origin": "https://www.foo.com",
    "expose-headers": "x-header-3, x-header-4",
    "allow-credentials": "true",
  });
  assert.match(String(answer.headers.vary), /Origin/i);
  const without = await fabric.ask("http", "/exact");
  assert.deepEqual(corsOf(without), {}, "no origin, no policy");
  const plainOptions = await fabric.ask("http", "/exact", { method: "OPTIONS" });
  assert.equal(plainOptions.servedBy, "infra/v1", "an OPTIONS without an origin is no preflight");
});

test("HTTPRouteCORSWildcardHost: * stands for labels to the left, the port counts", async () => {
  const allowed = async (origin: string) =>
    corsOf(await preflight("/wildcard-host", origin, "PUT"))["allow-origin"] ?? "";
  for (const origin of ["https://www.foo.com", "https://a.b.foo.com", "http://x.bar.com:9000"]) {
    assert.equal(await allowed(origin), origin);
  }
  for (const origin of ["https://foo.com", "http://www.foo.com", "https://evilfoo.com", "http://x.bar.com"]) {
    assert.equal(await allowed(origin), "", origin);
  }
  assert.equal(
    corsOf(await preflight("/any-https", "https://any.where"))["allow-origin"],
    "https://any.where",
  );
  assert.deepEqual(corsOf(await preflight("/any-https", "http://any.where")), {});
});

test("HTTPRouteCORSDefaults: five seconds, and nothing that is not configured", async () => {
  assert.deepEqual(corsOf(await preflight("/minimal", "https://www.foo.com")), {
    "allow-origin": "https://www.foo.com",
    "max-age": "5",
  });
});

test("HTTPRouteCORSAllowCredentialsBehavior: with credentials no * is sent, but what was asked for", async () => {
  const origin = "https://any.where";
  assert.deepEqual(
    corsOf(await preflight("/any-with-credentials", origin, "PATCH", "x-one, Authorization")),
    {
      "allow-origin": origin,
      "allow-methods": "PATCH",
      "allow-headers": "x-one, Authorization",
      "allow-credentials": "true",
      "max-age": "5",
    },
  );
  const bare = corsOf(await preflight("/any-with-credentials", origin, "PATCH", ""));
  assert.equal(bare["allow-headers"], undefined, "no headers were asked for");
  const answer = corsOf(await actual("/any-with-credentials", origin));
  assert.deepEqual(answer, { "allow-origin": origin, "allow-credentials": "true" });

  const without = corsOf(await preflight("/any", origin, "PATCH", "x-one"));
  assert.equal(without["allow-credentials"], undefined);
  assert.ok(["*", origin].includes(String(without["allow-origin"])));
  assert.ok(["*", "PATCH"].includes(String(without["allow-methods"])));
  assert.ok(["*", "x-one"].includes(String(without["allow-headers"])));
  assert.equal(corsOf(await actual("/any", origin))["expose-headers"], "*");
});
