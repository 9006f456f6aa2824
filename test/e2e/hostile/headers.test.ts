import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connectRaw, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { backend, gateway, route } from "./setup/resources.ts";
import { fieldOf, openUpstream, type SeenRequest, type Upstream } from "./setup/upstream.ts";

const modifier = "{ type: RequestHeaderModifier, requestHeaderModifier:";

/** Headers that Heddle adds: by the proxy, and by a filter of the route. */
const own = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "traceparent", "X-Tenant"];

describe("fields of requests", () => {
  let upstream: Upstream;
  let heddle: RunningHeddle;
  before(async () => {
    upstream = await openUpstream();
    heddle = await startHeddle({
      files: ({ http }) => ({
        "site.yaml":
          gateway({ port: http }) +
          backend("up", upstream.port) +
          route({
            name: "all",
            backend: "up",
            filters: [`${modifier} { set: [{ name: X-Tenant, value: ours }], remove: [X-Drop] } }`],
          }) +
          route({
            name: "beta",
            backend: "up",
            matches: [
              '{ path: { type: PathPrefix, value: "/" }, headers: [{ name: X-Beta, value: "yes" }] }',
            ],
            filters: [`${modifier} { set: [{ name: X-Route, value: beta }] } }`],
          }),
      }),
      args: ["--workers", "1"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await upstream?.close();
  });

  async function ask(fields: string): Promise<{ status: number; seen: SeenRequest[] }> {
    const requests = upstream.requests.length;
    await using client = await connectRaw(heddle.ports.http);
    client.send(`GET / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n\r\n`);
    const status = Number((await client.receiveUntil("\r\n\r\n")).slice(9, 12));
    return { status, seen: upstream.requests.slice(requests) };
  }

  const values = (request: SeenRequest, name: string) =>
    request.fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value);

  for (const name of own) {
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
      test(`Connection: ${spelling} takes nothing from what Heddle adds (threats 16)`, async () => {
        const { status, seen } = await ask(`Connection: keep-alive, ${spelling}\r\n${name}: evil`);
        assert.equal(status, 200);
        assert.equal(values(seen[0]!, name).length, 1, `${name} is there once`);
        assert.notEqual(values(seen[0]!, name)[0], "evil");
      });
    }
  }

  for (const name of ["Host", "Content-Length", "Transfer-Encoding", "Authorization", "Cookie"]) {
    test(`Connection: ${name} is refused (threats 16)`, async () => {
      const { status, seen } = await ask(`Connection: ${name}`);
      assert.deepEqual([status, seen], [400, []]);
    });
  }

  test("hop-by-hop fields end here, those that Connection names too (threats 16)", async () => {
    const { seen } = await ask(
      "Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nX-Stays: 1",
    );
    for (const name of ["X-Hop", "Keep-Alive", "Proxy-Connection"]) {
      assert.deepEqual(values(seen[0]!, name), [], name);
    }
    assert.deepEqual(values(seen[0]!, "X-Stays"), ["1"]);
  });

  test("what a client says of itself in X-Forwarded-*, Forwarded and X-Real-IP is overwritten (threats 17)", async () => {
    const { seen } = await ask(
      [
        "X-Forwarded-For: 10.0.0.1",
        "x-forwarded-for: 10.0.0.2",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.test",
        "X-Forwarded-Port: 1",
        "X-Forwarded-Client-Cert: Hash=evil;URI=spiffe://evil.test/x",
        "Forwarded: for=10.0.0.1;proto=https;host=evil.test",
        "X-Real-IP: 10.0.0.1",
        "X-Tenant: theirs",
      ].join("\r\n"),
    );
    const request = seen[0]!;
    assert.deepEqual(values(request, "X-Forwarded-For"), ["127.0.0.1"]);
    assert.deepEqual(values(request, "X-Forwarded-Proto"), ["http"]);
    assert.deepEqual(values(request, "X-Forwarded-Host"), ["a.test"]);
    assert.deepEqual(values(request, "X-Tenant"), ["ours"]);
    for (const name of ["X-Forwarded-Port", "X-Forwarded-Client-Cert", "Forwarded", "X-Real-IP"]) {
      assert.deepEqual(values(request, name), [], name);
    }
    assert.ok(!JSON.stringify(request).includes("10.0.0."), JSON.stringify(request));
    assert.ok(!JSON.stringify(request).includes("evil"), JSON.stringify(request));
  });

  for (const name of ["X_Forwarded_For", "X-Forwarded_For", "x_tenant", "_", "Content_Type"]) {
    test(`a name with an underscore is refused: ${name} (threats 18)`, async () => {
      const { status, seen } = await ask(`${name}: evil`);
      assert.deepEqual([status, seen], [400, []]);
    });
  }

  for (const [what, field] of [
    ["empty", ": x"],
    ["of a space", " : x"],
    ["with a space inside", "X A: x"],
    ["with a space behind", "X-A : x"],
    ["with a slash", "X/A: x"],
    ["with brackets", "X[A]: x"],
    ["in quotes", '"X-A": x'],
    ["with a high octet", "X-\xe9: x"],
    ["with a NUL", "X-\0: x"],
    ["with a comma", "X,A: x"],
    ["with an at sign", "X@A: x"],
    ["with a control byte", "X\x01: x"],
  ]) {
    test(`a name ${what} is refused (threats 18)`, async () => {
      const { status, seen } = await ask(field!);
      assert.deepEqual([status, seen], [400, []]);
    });
  }

  for (const [fields, isBeta] of [
    ["X-Beta: yes", true],
    ["x-bEtA: yes", true],
    ["X-Beta: no", false],
    ["X-Beta: Yes", false],
    ["X-Beta: yes\r\nX-Beta: no", false],
    ["X-Beta: no\r\nx-beta: yes", false],
    ["X-Beta: yes,no", false],
    ["X-Beta: no, yes", false],
    ["X-Beta: yes\r\nX-BETA: yes", false],
  ] as const) {
    test(`${JSON.stringify(fields)} ${isBeta ? "matches" : "does not match"} a rule for X-Beta: yes (threats 14)`, async () => {
      const { seen } = await ask(fields);
      assert.equal(fieldOf(seen[0]!, "x-route") === "beta", isBeta);
    });
  }

  test("a filter removes every field of a name, in any case", async () => {
    const { seen } = await ask("X-Drop: 1\r\nx-drop: 2\r\nX-DROP: 3");
    assert.deepEqual(values(seen[0]!, "x-drop"), []);
  });

  test("names of Object's prototype are names like others (threats 23)", async () => {
    const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];
    const legal = names.filter((name) => !name.includes("_"));
    const { status, seen } = await ask(legal.map((name) => `${name}: polluted`).join("\r\n"));
    assert.equal(status, 200);
    for (const name of legal) assert.deepEqual(values(seen[0]!, name), ["polluted"]);
    const requests = upstream.requests.length;
    await using client = await connectRaw(heddle.ports.http);
    const query = names.map((name) => `${name}=polluted&${name}[x]=1`).join("&");
    client.send(`GET /?${query} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    assert.match(await client.receiveUntil("ok"), /^HTTP\/1\.1 200 /);
    assert.equal(upstream.requests[requests]!.target, `/?${query}`);
  });
});
