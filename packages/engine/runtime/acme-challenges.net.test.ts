import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { Duplex } from "node:stream";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { makeCertificateAuthority, openEchoServer } from "@heddle/testkit";
import type { EchoServer, TestCertificateAuthority } from "@heddle/testkit";
import type { AcmeChallengeUnit, ListenerSettings, SecretUnit, ServerSpec } from "../model/index.ts";
import { LISTENER } from "../observe/index.ts";
import { Gateway, get, readResponse } from "./gateway.suite.ts";
import type { Shape } from "./gateway.suite.ts";

const PREFIX = "/.well-known/acme-challenge/";

let upstream: EchoServer;
before(async () => {
  upstream = await openEchoServer();
});
after(() => upstream.close());

function httpChallenge(hostname: string, token: string): AcmeChallengeUnit {
  const answer = { type: "http-01", path: `${PREFIX}${token}`, keyAuthorization: `${token}.thumb` } as const;
  return { kind: "acme-challenge", name: `http-01/${hostname}/${token}`, hostname, answer };
}

async function ask(gateway: Gateway, path: string, fields: string, method: string = "GET") {
  await using client = await gateway.connect();
  client.send(`${method} ${path} HTTP/1.1\r\n${fields}\r\n`);
  return await readResponse(client, method !== "HEAD");
}

test("a plain listener answers the challenge of its host and token, before every route", async () => {
  const challenges = [httpChallenge("a.test", "first"), httpChallenge("b.test", "second")];
  await using gateway = await Gateway.open({ endpoints: [upstream.port], more: challenges });

  const first = await ask(gateway, `${PREFIX}first`, "Host: a.test\r\n");
  assert.equal(first.status, 200);
  assert.equal(first.body, "first.thumb");
  assert.match(first.head, /\r\ncontent-type: application\/octet-stream\r\n/);
  assert.match(first.head, /\r\ncontent-length: 11\r\n/);
  // The CA may name the port, and names are compared in lower case.
  assert.equal((await ask(gateway, `${PREFIX}second`, "Host: B.test:80\r\n")).body, "second.thumb");
  const head = await ask(gateway, `${PREFIX}first`, "Host: a.test\r\n", "HEAD");
  assert.equal(head.status, 200);

  // One exchange each, as every other request.
  assert.equal(gateway.total("listener", LISTENER.started), 3);
});

test("what is no challenge of that host goes to the routes", async () => {
  const challenges = [httpChallenge("a.test", "first")];
  await using gateway = await Gateway.open({ endpoints: [upstream.port], more: challenges });
  const others: [path: string, host: string, method?: string][] = [
    [`${PREFIX}first`, "b.test"],
    [`${PREFIX}other`, "a.test"],
    [`${PREFIX}first/`, "a.test"],
    [`${PREFIX}FIRST`, "a.test"],
    [PREFIX, "a.test"],
    ["/first", "a.test"],
    [`${PREFIX}first`, "a.test", "DELETE"],
  ];
  for (const [path, host, method] of others) {
    const { body } = await ask(gateway, path, `Host: ${host}\r\n`, method);
    assert.equal((JSON.parse(body) as { url: string }).url, path, `${method ?? "GET"} ${host}${path}`);
  }
});

test("a challenge comes and goes with the Snapshot, on connections that are open", async () => {
  await using gateway = await Gateway.open({ endpoints: [upstream.port] });
  await using client = await gateway.connect();
  const ofRoute = async (): Promise<boolean> => {
    client.send(get(`${PREFIX}first`));
    return (await readResponse(client)).body !== "first.thumb";
  };
  assert.ok(await ofRoute());
  await gateway.apply({ endpoints: [upstream.port], more: [httpChallenge("a.example", "first")] });
  assert.ok(!(await ofRoute()));
  await gateway.apply({ endpoints: [upstream.port] });
  assert.ok(await ofRoute());
});

test("a challenge is answered where no route and no server has its host", async () => {
  const servers = [{ id: "default/gw/other", hostname: "other.test", tls: null }];
  const more = [httpChallenge("a.test", "first")];
  await using gateway = await Gateway.open({ endpoints: [upstream.port], servers, more });
  assert.equal((await ask(gateway, `${PREFIX}first`, "Host: a.test\r\n")).body, "first.thumb");
  assert.equal((await ask(gateway, "/", "Host: a.test\r\n")).status, 404);
});

// TLS-ALPN-01

let ca: TestCertificateAuthority;
let own: SecretUnit;
let challenge: AcmeChallengeUnit;

before(async () => {
  ca = await makeCertificateAuthority();
  const issue = async (name: string) => {
    const { cert, key } = await ca.issue({ names: [name] });
    return { certificatePem: cert, privateKeyPem: key };
  };
  own = { kind: "secret", name: "own", ...(await issue("own.test")), dnsNames: ["own.test"] };
  const answer = { type: "tls-alpn-01", ...(await issue("challenge.invalid")) } as const;
  challenge = { kind: "acme-challenge", name: "tls-alpn-01/new.test", hostname: "new.test", answer };
});

const secure = (hostname: string, certificates: string[]): ServerSpec => {
  const tlsOf = { certificates, minVersion: "TLSv1.2", alpn: ["h2", "http/1.1"] } as const;
  return { id: `default/gw/${hostname}`, hostname, tls: tlsOf };
};

/** One server that waits for its certificate, and one that has it. */
const secured = (more: readonly AcmeChallengeUnit[], listener: Partial<ListenerSettings> = {}): Shape => ({
  endpoints: [upstream.port],
  servers: [secure("new.test", []), secure("own.test", ["own"])],
  secrets: [own],
  more,
  listener,
});

/** Common name and protocol that a client is shown, or how it was refused. */
async function shown(
  port: number,
  servername: string,
  ALPNProtocols: string[] | undefined,
  more: tls.ConnectionOptions = {},
): Promise<string> {
  const options = { servername, rejectUnauthorized: false, ...(ALPNProtocols && { ALPNProtocols }), ...more };
  const client = tls.connect("socket" in more ? options : { host: "127.0.0.1", port, ...options });
  client.on("error", () => {});
  try {
    await once(client, "secureConnect");
    return `${client.getPeerCertificate().subject.CN} ${client.alpnProtocol || "-"}`;
  } catch (error) {
    return `refused: ${(error as NodeJS.ErrnoException).code}`;
  } finally {
    client.destroy();
  }
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`RFC 8737, ${version}: only who offers acme-tls/1 alone, for that name, is shown the validation certificate`, async () => {
    await using gateway = await Gateway.open(secured([challenge]));
    const port = gateway.portOf();
    const only = { minVersion: version, maxVersion: version };
    const ask = (name: string, protocols?: string[]) => shown(port, name, protocols, only);
    assert.equal(await ask("new.test", ["acme-tls/1"]), "challenge.invalid acme-tls/1");
    assert.equal(await ask("NEW.test", ["acme-tls/1"]), "challenge.invalid acme-tls/1");
    // The name has no certificate for anybody else.
    for (const protocols of [undefined, ["http/1.1"], ["acme-tls/1", "http/1.1"]]) {
      assert.match(await ask("new.test", protocols), /^refused/, String(protocols));
    }
    // Another name has its own, and no validation.
    assert.equal(await ask("own.test", ["http/1.1"]), "own.test http/1.1");
    assert.equal(await ask("own.test"), "own.test -");
    assert.match(await ask("own.test", ["acme-tls/1"]), /^refused/);
    assert.match(await ask("other.test", ["acme-tls/1"]), /^refused/);
  });
}

test("without a challenge nobody is shown one, and it comes and goes with the Snapshot", async () => {
  await using gateway = await Gateway.open(secured([]));
  const ask = () => shown(gateway.portOf(), "new.test", ["acme-tls/1"]);
  assert.match(await ask(), /^refused/);
  await gateway.apply(secured([challenge]));
  assert.equal(await ask(), "challenge.invalid acme-tls/1");
  await gateway.apply(secured([]));
  assert.match(await ask(), /^refused/);
});

test("a certificate that is renewed serves while its name is validated", async () => {
  const renewal = { ...challenge, hostname: "own.test", name: "tls-alpn-01/own.test" };
  await using gateway = await Gateway.open(secured([renewal]));
  assert.equal(await shown(gateway.portOf(), "own.test", ["acme-tls/1"]), "challenge.invalid acme-tls/1");
  assert.equal(await shown(gateway.portOf(), "own.test", ["http/1.1"]), "own.test http/1.1");
});

test("the connection ends with the handshake: no request is read on it", async () => {
  await using gateway = await Gateway.open(secured([challenge]));
  const options = { servername: "new.test", rejectUnauthorized: false, ALPNProtocols: ["acme-tls/1"] };
  const client = tls.connect({ host: "127.0.0.1", port: gateway.portOf(), ...options });
  await once(client, "secureConnect");
  client.write(get("/"));
  client.resume();
  await once(client, "close");
  assert.equal(gateway.total("listener", LISTENER.started), 0);
});

test("requests are served as usual while a name is validated, however the ClientHello arrives", async () => {
  await using gateway = await Gateway.open(secured([challenge]));
  await using client = await gateway.connect({ tls: { ca: ca.cert, servername: "own.test" } });
  for (let i = 0; i < 3; i++) {
    client.send(`GET /${i} HTTP/1.1\r\nHost: own.test\r\n\r\n`);
    assert.equal((await readResponse(client)).status, 200);
  }
  for (const [name, protocol, expected] of [
    ["own.test", "http/1.1", "own.test http/1.1"],
    ["new.test", "acme-tls/1", "challenge.invalid acme-tls/1"],
  ] as const) {
    const socket = net.connect(gateway.portOf(), "127.0.0.1");
    socket.setNoDelay(true);
    socket.on("error", () => {});
    const pieces = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        const next = (at: number): void => {
          if (at >= chunk.length) return void done();
          socket.write(chunk.subarray(at, at + 7), () => setImmediate(next, at + 7));
        };
        next(0);
      },
    });
    socket.on("data", (chunk: Buffer) => pieces.push(chunk));
    socket.on("close", () => pieces.push(null));
    assert.equal(await shown(0, name, [protocol], { socket: pieces }), expected);
    socket.destroy();
  }
});

test("who says nothing is cut off in time, and what is no TLS is refused", async () => {
  await using gateway = await Gateway.open(secured([challenge], { tlsHandshakeMs: 100 }));
  await using silent = await gateway.connect();
  await silent.receiveToEnd();
  assert.equal(gateway.refusals("tls-handshake-timeout"), 1);
  await using plain = await gateway.connect();
  plain.send(get("/"));
  await plain.receiveToEnd();
  await using gone = await gateway.connect();
  gone.end();
  await gone.receiveToEnd();
  await gateway.becomes("refused", () => gateway.refusals("tls-handshake-failed") === 2);
});
