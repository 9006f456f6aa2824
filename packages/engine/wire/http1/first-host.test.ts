import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "./transcript.suite.ts";
import { RequestReader } from "./index.ts";

// In a file, so in a process, of its own: only the first request that a process reads was affected.
test("an empty host is refused in the first request of all, too", () => {
  const refusals: string[] = [];
  const reader = new RequestReader(LIMITS, "http", "refuse", [], {
    onRequestHead: () => assert.fail("the request was taken"),
    onRequestBody: () => {},
    onRequestEnd: () => {},
    onRequestMalformed: (fault) => refusals.push(fault.message),
  });
  const bytes = Buffer.from("GET / HTTP/1.1\r\nHost: \r\n\r\n");
  reader.read(bytes, 0, bytes.length);
  assert.deepEqual(refusals, ["invalid host field"]);
});
