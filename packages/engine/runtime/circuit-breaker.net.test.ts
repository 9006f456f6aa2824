import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, Gateway, get, openSilentServer, readResponse } from "./gateway.suite.ts";

test("more requests than a cluster may have in flight are refused at once, and the next is served", async () => {
  await using upstream = await openSilentServer();
  await using gateway = await Gateway.open({ endpoints: [upstream.port], cluster: { maxRequests: 1 } });
  await using first = await gateway.connect();
  first.send(get("/"));
  const connection = await upstream.connection(0);
  await connection.receiveUntil("\r\n\r\n");
  await using second = await gateway.connect();
  second.send(get("/"));
  assert.equal((await readResponse(second)).status, 503);
  connection.send(answer("done"));
  assert.equal((await readResponse(first)).body, "done");
  second.send(get("/"));
  await connection.receiveUntil("\r\n\r\n");
  connection.send(answer("next"));
  assert.equal((await readResponse(second)).body, "next");
  assert.equal(gateway.refusals("HDL_UPSTREAM_OVERFLOW"), 1);
});
