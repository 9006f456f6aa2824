import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { validateResource, type Backend } from "../index.ts";

function validate(spec: unknown) {
  return validateResource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "Backend",
    metadata: { name: "b" },
    spec,
  });
}

function isAccepted(spec: unknown): boolean {
  return validate(spec).resource !== undefined;
}

describe("Backend", () => {
  test("has defaults", () => {
    const { spec } = validate({ url: "https://api.example.com", tls: {} }).resource as Backend;
    assert.deepEqual(spec, {
      url: "https://api.example.com",
      protocol: "HTTP",
      tls: { insecureSkipVerify: false },
    });
  });

  test("a URL is an origin of http or https", () => {
    const good = [
      "http://127.0.0.1:3000",
      "http://127.0.0.1:3000/",
      "https://api.example.com",
      "HTTP://Api.Example.Com:80",
      "http://[::1]:8080",
      "http://localhost",
    ];
    const bad = [
      "",
      "api.example.com",
      "http:api.example.com",
      "http:/api.example.com",
      "ftp://a",
      "http://",
      "http://a:0",
      "http://a:65536",
      "http://a b",
      " http://a",
      "http://a\n",
      "http://user@a",
      "http://user:pw@a",
      "http://a/base",
      "http://a?x",
      "http://a#x",
      "http://a\\b",
      "http://[::1",
      "javascript://a",
    ];
    for (const url of good) assert.ok(isAccepted({ url }), url);
    for (const url of bad) assert.ok(!isAccepted({ url }), JSON.stringify(url));
  });

  test("endpoints are addresses or host names, each with a port, none twice", () => {
    const good = ["127.0.0.1", "::1", "2001:db8::1", "api.example.com", "localhost", "Api", "a-1.b", "x9"];
    const bad = [
      "",
      "[::1]",
      "a:80",
      "1.2.3",
      "1.2.3.4.5",
      "256.1.1.1",
      "0x7f.1",
      "fe80::1%eth0",
      "a_b",
      "-a",
      "a..b",
    ];
    for (const address of good) assert.ok(isAccepted({ endpoints: [{ address, port: 80 }] }), address);
    for (const address of bad) assert.ok(!isAccepted({ endpoints: [{ address, port: 80 }] }), address);
    assert.ok(!isAccepted({ endpoints: [{ address: "a" }] }));
    assert.ok(!isAccepted({ endpoints: [] }));
    const twice = [
      { address: "a", port: 1 },
      { address: "A", port: 1 },
    ];
    assert.equal(validate({ endpoints: twice }).problems[0]?.path, "spec.endpoints[1]");
    assert.ok(isAccepted({ endpoints: [twice[0], { address: "a", port: 2 }] }));
  });

  test("a unix socket has an absolute path that the system can take", () => {
    assert.ok(isAccepted({ unix: "/run/app.sock" }));
    for (const unix of ["run/app.sock", "/", "", `/${"x".repeat(103)}`, "/a\0b"])
      assert.ok(!isAccepted({ unix }), unix);
  });

  test("is in exactly one place", () => {
    const endpoints = [{ address: "a", port: 1 }];
    assert.ok(!isAccepted({}));
    assert.ok(!isAccepted({ url: "http://a", endpoints }));
    assert.ok(!isAccepted({ endpoints, unix: "/a" }));
    assert.deepEqual(validate({ url: "http://a", unix: "/a" }).problems, [
      {
        path: "spec",
        message: "exactly one of url, endpoints and unix must be given",
        severity: "error",
        rule: "one-place",
      },
    ]);
  });

  test("speaks HTTP in the version that is agreed on, or in a given one", () => {
    for (const protocol of ["HTTP", "HTTP1", "HTTP2"]) assert.ok(isAccepted({ url: "http://a", protocol }));
    for (const protocol of ["http2", "H2C", "TCP", ""]) assert.ok(!isAccepted({ url: "http://a", protocol }));
  });

  test("TLS has a name to expect and someone to vouch for it", () => {
    const endpoints = [{ address: "127.0.0.1", port: 1 }];
    assert.ok(isAccepted({ endpoints, tls: { hostname: "a.b", caCertificateRefs: [{ name: "ca" }] } }));
    assert.ok(isAccepted({ endpoints, tls: { caCertificateRefs: [{ kind: "Secret", name: "ca" }] } }));
    assert.ok(isAccepted({ endpoints, tls: { insecureSkipVerify: true } }));
    assert.ok(!isAccepted({ endpoints, tls: { caCertificateRefs: [] } }));
    assert.ok(!isAccepted({ endpoints, tls: { caCertificateRefs: [{ kind: "Service", name: "ca" }] } }));
    assert.ok(
      !isAccepted({ endpoints, tls: { insecureSkipVerify: true, caCertificateRefs: [{ name: "ca" }] } }),
    );
    assert.ok(!isAccepted({ endpoints, tls: { hostname: "*.a.b" } }));
    assert.ok(!isAccepted({ url: "http://a", tls: {} }));
    assert.ok(!isAccepted({ unix: "/a", tls: {} }));
    assert.ok(isAccepted({ unix: "/a", tls: { hostname: "a.b" } }));
  });

  test("a misspelt field is refused at any depth, not ignored", () => {
    const { resource, problems } = validate({ url: "https://a", tls: { insecureSkipVerfy: true } });
    assert.equal(resource, undefined);
    assert.deepEqual(problems, [
      {
        path: "spec.tls.insecureSkipVerfy",
        message: 'unknown field "insecureSkipVerfy"; did you mean "insecureSkipVerify"?',
        severity: "error",
      },
    ]);
  });
});

describe("Backend: endpoints' shares", () => {
  const endpoint = { address: "10.0.0.1", port: 80 };
  const accepts = (more: object) => isAccepted({ endpoints: [{ ...endpoint, ...more }] });

  test("weigh 1 and are used first by default", () => {
    const { spec } = validate({ endpoints: [endpoint] }).resource as Backend;
    assert.deepEqual(spec.endpoints, [{ ...endpoint, weight: 1, priority: 0 }]);
  });

  test("have weights, priorities, zones and labels", () => {
    assert.ok(accepts({ weight: 0, priority: 3, zone: "eu-1a", labels: { version: "v2" } }));
    for (const more of [
      { weight: -1 },
      { weight: 1_000_001 },
      { weight: 1.5 },
      { priority: -1 },
      { priority: 128 },
      { zone: "" },
      { labels: { version: 2 } },
    ])
      assert.ok(!accepts(more), JSON.stringify(more));
  });
});
