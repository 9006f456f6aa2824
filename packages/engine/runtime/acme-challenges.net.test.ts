import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openEchoServer } from "@heddle/testkit";
import type { EchoServer } from "@heddle/testkit";
import type { AcmeChallengeUnit } from "../model/index.ts";
import { LISTENER } from "../observe/index.ts";
import { Gateway, get, readResponse } from "./gateway.suite.ts";

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
