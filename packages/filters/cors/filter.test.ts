import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { CorsConfig } from "./config.ts";
import { cors } from "./filter.ts";

type Pairs = readonly (readonly [string, string])[];

const any = { scheme: "", match: "suffix", host: "", port: 0 } as const;
const foo = { scheme: "https", match: "exact", host: "www.foo.com", port: 443 } as const;

/** The first route of the Gateway API's conformance test of CORS. */
const config: CorsConfig = {
  allowOrigins: [foo, { scheme: "https", match: "suffix", host: ".bar.com", port: 443 }],
  allowCredentials: true,
  allowMethods: ["GET", "OPTIONS"],
  allowHeaders: ["x-header-1", "x-header-2"],
  exposeHeaders: ["x-header-3", "x-header-4"],
  maxAge: 3600,
};

function run(change: Partial<CorsConfig>, method: string, headers: Pairs): FilterRun<CorsConfig> {
  return new FilterRun(cors, { ...config, ...change }, makeExchange({ method, headers }));
}

/** The headers of the answer to a preflight, after the filter's own response phase; null when it was not answered. */
function preflight(change: Partial<CorsConfig>, headers: Pairs): Record<string, string> | null {
  const filter = run(change, "OPTIONS", headers);
  const reply = filter.request();
  if (reply === undefined) return null;
  assert.equal(reply.status, 200);
  assert.equal(reply.body, "");
  return Object.fromEntries(filter.response(reply.status, reply.headers));
}

function actual(
  change: Partial<CorsConfig>,
  headers: Pairs,
  upstream: Pairs = [],
  method = "GET",
): Record<string, string> {
  const filter = run(change, method, headers);
  assert.equal(filter.request(), undefined, "not answered by the filter");
  return Object.fromEntries(filter.response(200, upstream));
}

const ask = (origin: string, method = "GET", names?: string): Pairs => [
  ["origin", origin],
  ["access-control-request-method", method],
  ...(names === undefined ? [] : [["access-control-request-headers", names] as const]),
];

test("a preflight of an allowed origin is answered with the whole policy", () => {
  for (const origin of ["https://www.foo.com", "https://www.bar.com", "https://xpto.www.bar.com"]) {
    assert.deepEqual(preflight({}, ask(origin, "GET", "x-header-1, x-header-2")), {
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "x-header-3, x-header-4",
      "access-control-allow-methods": "GET, OPTIONS",
      "access-control-allow-headers": "x-header-1, x-header-2",
      "access-control-max-age": "3600",
      vary: "Origin",
    });
  }
});

test("a preflight of another origin is answered without the policy", () => {
  assert.deepEqual(preflight({}, ask("https://foobar.com")), { vary: "Origin" });
  assert.deepEqual(preflight({ allowOrigins: [] }, ask("https://www.foo.com")), { vary: "Origin" });
  assert.deepEqual(preflight({}, ask("null")), { vary: "Origin" });
});

test("several Origin fields are nobody's origin", () => {
  const headers: Pairs = [["origin", "https://www.foo.com"], ...ask("https://evil.example")];
  assert.deepEqual(preflight({}, headers), { vary: "Origin" });
});

test("OPTIONS that is no preflight goes to the upstream", () => {
  assert.equal(preflight({}, [["origin", "https://www.foo.com"]]), null);
  assert.equal(preflight({}, [["access-control-request-method", "GET"]]), null);
  assert.equal(
    actual({}, [["origin", "https://www.foo.com"]], [], "OPTIONS")["access-control-allow-origin"],
    "https://www.foo.com",
  );
});

test("an actual request with preflight headers is no preflight", () => {
  assert.deepEqual(actual({}, ask("https://www.foo.com", "GET", "x-header-1")), {
    "access-control-allow-origin": "https://www.foo.com",
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "x-header-3, x-header-4",
    vary: "Origin",
  });
});

test("responses to other origins, and to none, carry no CORS headers but vary by origin", () => {
  assert.deepEqual(actual({}, [["origin", "https://foobar.com"]]), { vary: "Origin" });
  assert.deepEqual(actual({}, []), { vary: "Origin" });
});

test("any origin is echoed, with and without credentials, never *", () => {
  for (const allowCredentials of [true, false]) {
    const change = { allowOrigins: [any], allowCredentials };
    for (const origin of ["https://foobar.com:12345", "null"]) {
      for (const headers of [preflight(change, ask(origin, "PUT")), actual(change, [["origin", origin]])]) {
        assert.equal(headers?.["access-control-allow-origin"], origin);
        assert.equal(headers?.["access-control-allow-credentials"], allowCredentials ? "true" : undefined);
      }
    }
  }
});

test("wildcard methods and headers echo what was asked for", () => {
  for (const allowCredentials of [true, false]) {
    const change = { allowMethods: ["*"], allowHeaders: ["*"], allowCredentials };
    const headers = preflight(change, ask("https://www.foo.com", "PUT", "x-header-1,authorization"));
    assert.equal(headers?.["access-control-allow-methods"], "PUT");
    assert.equal(headers?.["access-control-allow-headers"], "x-header-1, authorization");
  }
});

test("without Access-Control-Request-Headers a wildcard names none", () => {
  const headers = preflight({ allowHeaders: ["*"] }, ask("https://www.foo.com"));
  assert.equal(headers?.["access-control-allow-headers"], undefined);
});

test("what is echoed must be names", () => {
  const change = { allowMethods: ["*"], allowHeaders: ["*"] };
  const headers = preflight(change, ask("https://www.foo.com", "P UT", "x-a, <script>"));
  assert.equal(headers?.["access-control-allow-methods"], undefined);
  assert.equal(headers?.["access-control-allow-headers"], undefined);
});

test("empty lists leave their headers out: browsers allow GET, HEAD and POST anyhow", () => {
  const change = { allowMethods: [], allowHeaders: [], exposeHeaders: [], maxAge: 5 };
  assert.deepEqual(preflight(change, ask("https://www.foo.com", "POST")), {
    "access-control-allow-origin": "https://www.foo.com",
    "access-control-allow-credentials": "true",
    "access-control-max-age": "5",
    vary: "Origin",
  });
});

test("a wildcard in exposeHeaders is left out where credentials are allowed", () => {
  const origin: Pairs = [["origin", "https://www.foo.com"]];
  const exposed = (change: Partial<CorsConfig>) => actual(change, origin)["access-control-expose-headers"];
  assert.equal(exposed({ exposeHeaders: ["*"], allowCredentials: false }), "*");
  assert.equal(exposed({ exposeHeaders: ["*"], allowCredentials: true }), undefined);
  assert.equal(exposed({ exposeHeaders: ["*", "x-a"], allowCredentials: true }), "x-a");
});

test("an upstream's own CORS headers are replaced, for denied origins too", () => {
  const upstream: Pairs = [
    ["access-control-allow-origin", "*"],
    ["access-control-allow-credentials", "true"],
    ["access-control-allow-methods", "DELETE"],
    ["access-control-allow-headers", "x-evil"],
    ["access-control-expose-headers", "x-secret"],
    ["access-control-max-age", "9"],
    ["x-own", "1"],
  ];
  assert.deepEqual(actual({}, [["origin", "https://foobar.com"]], upstream), {
    "x-own": "1",
    vary: "Origin",
  });
  assert.deepEqual(actual({ exposeHeaders: [] }, [["origin", "https://www.foo.com"]], upstream), {
    "x-own": "1",
    "access-control-allow-origin": "https://www.foo.com",
    "access-control-allow-credentials": "true",
    vary: "Origin",
  });
});

test("Vary keeps what the upstream says", () => {
  const vary = (value: string) => actual({}, [], [["vary", value]]).vary;
  assert.equal(vary("Accept-Encoding"), "Accept-Encoding, Origin");
  assert.equal(vary("accept-encoding, ORIGIN"), "accept-encoding, ORIGIN");
  assert.equal(vary("*"), "*");
});

test("a later filter that removes Origin does not change the answer", () => {
  const filter = run({}, "GET", [["origin", "https://www.foo.com"]]);
  filter.request();
  filter.exchange.request.fields.delete("origin");
  const headers = Object.fromEntries(filter.response(503));
  assert.equal(headers["access-control-allow-origin"], "https://www.foo.com");
});

test("a reply of an earlier filter gets the headers too", () => {
  const filter = run({}, "GET", [["origin", "https://www.foo.com"]]);
  const headers = Object.fromEntries(filter.response(401));
  assert.equal(headers["access-control-allow-origin"], "https://www.foo.com");
});
