import assert from "node:assert/strict";
import { test } from "node:test";
import { connectRaw, startHeddle } from "@heddle/testkit";
import { plainSite } from "../e2e/hostile/setup/resources.ts";
import { brokenBodies, refusedHeads } from "../e2e/hostile/smuggling-corpus.ts";
import { openers } from "./origins.ts";

const inner = "GET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n";

/** What may pass, in a form that other readers have stumbled over. Each is one request. */
const passing: readonly string[] = [
  `POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  `GET /one HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  `POST /one HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n${inner.length.toString(16)};a=b\r\n${inner}\r\n0\r\n\r\n`,
  `POST /one HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ${inner.length}\r\n\r\n`,
  `POST /one HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  `DELETE /one HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`,
  `\r\nGET /one HTTP/1.1\r\nHost: a\r\n\r\n`,
];

for (const [name, open] of Object.entries(openers)) {
  test(`${name} reads what Heddle lets through as one request each, and nothing of the corpus (threats 8, 9)`, async () => {
    await using origin = await open();
    await using heddle = await startHeddle({
      files: ({ http }) => ({ "site.yaml": plainSite(http, origin.port) }),
      args: ["--workers", "1"],
    });
    for (const bytes of passing) {
      await using client = await connectRaw(heddle.ports.http);
      client.send(`${bytes}GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      const answers = await client.receiveToEnd();
      const paths = [...answers.matchAll(/^x-path: ([^\r]*)/gim)].map((match) => match[1]);
      assert.deepEqual(paths, ["/one", "/last"], `${JSON.stringify(bytes)}: ${answers}`);
    }
    for (const { name: what, bytes } of [...refusedHeads, ...brokenBodies]) {
      await using client = await connectRaw(heddle.ports.http);
      client.send(bytes);
      const answers = await client.receiveToEnd();
      assert.doesNotMatch(answers, /SMUGGLED|^HTTP\/1\.1 200 /m, what);
    }
    await using next = await connectRaw(heddle.ports.http);
    next.send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(await next.receiveToEnd(), /^x-path: \/next\r$/im);
  });
}
