import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  connectRaw,
  makeCertificateAuthority,
  startHeddle,
  type RunningHeddle,
  type TestCertificateAuthority,
} from "@heddle/testkit";
import { backend, certificate, gateway, route } from "./setup/resources.ts";
import { fieldOf, openUpstream, type Upstream } from "./setup/upstream.ts";

const setRoute = (value: string) =>
  `{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-route, value: ${value} }] } }`;

const site = (name: string, gatewayName: string) =>
  route({
    name: `${name}-${gatewayName}`,
    backend: "up",
    gateway: gatewayName,
    hostnames: [`${name}.test`],
    filters: [setRoute(name)],
  });

/** Two HTTPS listeners of one port, told apart by server name. */
const secureGateway = (port: number) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: secure }
spec:
  gatewayClassName: heddle
  listeners:
    - { name: a, protocol: HTTPS, port: ${port}, hostname: a.test, tls: { certificateRefs: [{ name: a }] } }
    - { name: b, protocol: HTTPS, port: ${port}, hostname: b.test, tls: { certificateRefs: [{ name: b }] } }
`;

describe("Host, absolute-form and server name (threats 15)", () => {
  let upstream: Upstream;
  let authority: TestCertificateAuthority;
  let heddle: RunningHeddle<"http" | "https">;
  before(async () => {
    upstream = await openUpstream();
    authority = await makeCertificateAuthority();
    const [a, b] = await Promise.all(["a.test", "b.test"].map((name) => authority.issue({ names: [name] })));
    heddle = await startHeddle({
      ports: ["http", "https"],
      files: ({ http, https }) => ({
        "site.yaml": [
          gateway({ port: http }),
          secureGateway(https),
          backend("up", upstream.port),
          certificate("a", a!),
          certificate("b", b!),
          ...["edge", "secure"].flatMap((name) => [site("a", name), site("b", name)]),
        ].join(""),
      }),
      args: ["--workers", "1"],
    });
  });
  after(async () => {
    await heddle?.stop();
    await upstream?.close();
  });

  /** Sends a head, and returns the status and what the upstream saw of it. */
  async function ask(head: string, serverName?: string) {
    const requests = upstream.requests.length;
    const bytes = upstream.receivedText().length;
    const tls = serverName === undefined ? undefined : { ca: authority.cert, servername: serverName };
    const port = tls === undefined ? heddle.ports.http : heddle.ports.https;
    await using client = await connectRaw(port, tls === undefined ? {} : { tls });
    client.send(head);
    const answer = await client.receiveUntil("\r\n\r\n");
    return {
      status: Number(answer.slice(9, 12)),
      seen: upstream.requests.slice(requests),
      newBytes: upstream.receivedText().length - bytes,
    };
  }

  for (const host of ["a.test", "b.test", "A.TEST", "a.test:80"]) {
    test(`Host ${host}: routed by it, and the upstream gets one Host`, async () => {
      const { status, seen } = await ask(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      assert.equal(status, 200);
      const name = host.toLowerCase().charAt(0);
      assert.equal(fieldOf(seen[0]!, "x-route"), name);
      const hosts = seen[0]!.fields.filter(([field]) => field.toLowerCase() === "host");
      assert.deepEqual(hosts, [[hosts[0]![0], host]]);
    });
  }

  const refused: [name: string, head: string][] = [
    ["an empty Host", "GET / HTTP/1.1\r\nHost: \r\n\r\n"],
    ["no Host", "GET / HTTP/1.1\r\n\r\n"],
    ["two Hosts", "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n"],
    ["two Hosts, the same", "GET / HTTP/1.1\r\nHost: a.test\r\nhost: a.test\r\n\r\n"],
    ["a list", "GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n"],
    ["userinfo", "GET / HTTP/1.1\r\nHost: a.test@b.test\r\n\r\n"],
    ["a path", "GET / HTTP/1.1\r\nHost: a.test/b.test\r\n\r\n"],
    ["a space inside", "GET / HTTP/1.1\r\nHost: a.test b.test\r\n\r\n"],
    ["a port that is none", "GET / HTTP/1.1\r\nHost: a.test:b.test\r\n\r\n"],
    ["a port out of range", "GET / HTTP/1.1\r\nHost: a.test:65536\r\n\r\n"],
    ["an empty port", "GET / HTTP/1.1\r\nHost: a.test:\r\n\r\n"],
    ["a NUL", "GET / HTTP/1.1\r\nHost: a.test\0b.test\r\n\r\n"],
    ["an escape", "GET / HTTP/1.1\r\nHost: a%2etest\r\n\r\n"],
    ["a broken IPv6 address", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"],
    ["an absolute form of another host", "GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"],
    ["an absolute form of another port", "GET http://a.test:81/ HTTP/1.1\r\nHost: a.test\r\n\r\n"],
    ["an absolute form of another scheme", "GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"],
    ["an absolute form with userinfo", "GET http://x@a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"],
    ["an absolute form of another kind", "GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"],
    ["a target without a slash", "GET a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"],
    ["an asterisk with GET", "GET * HTTP/1.1\r\nHost: a.test\r\n\r\n"],
  ];
  for (const [name, head] of refused) {
    test(`${name}: 400, and no byte reaches the upstream`, async () => {
      const { status, newBytes } = await ask(head);
      assert.deepEqual([status, newBytes], [400, 0]);
    });
  }

  test("the absolute form of the same host is that host, and the upstream gets a plain path", async () => {
    const { status, seen } = await ask("GET http://B.test/x HTTP/1.1\r\nHost: b.test\r\n\r\n");
    assert.equal(status, 200);
    assert.deepEqual(
      [seen[0]!.target, fieldOf(seen[0]!, "host"), fieldOf(seen[0]!, "x-route")],
      ["/x", "b.test", "b"],
    );
  });

  for (const serverName of ["a.test", "b.test"]) {
    for (const host of ["a.test", "b.test"]) {
      for (const form of ["origin", "absolute"]) {
        const isSame = serverName === host;
        test(`server name ${serverName}, Host ${host}, ${form} form: ${isSame ? "served" : "421"}`, async () => {
          const target = form === "origin" ? "/" : `https://${host}/`;
          const { status, newBytes } = await ask(
            `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
            serverName,
          );
          assert.equal(status, isSame ? 200 : 421);
          assert.equal(newBytes > 0, isSame);
        });
      }
    }
  }
});
