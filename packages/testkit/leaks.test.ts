import assert from "node:assert/strict";
import { test } from "node:test";
import { watchForLeaks } from "./leaks.ts";
import { openRecordingServer } from "./recording-server.ts";

test("a server left open is found, and not once it is closed", async () => {
  const assertNothingLeft = watchForLeaks();
  const server = await openRecordingServer();
  await assert.rejects(assertNothingLeft(20), /still open after 20 ms: TCPServerWrap/);
  await server.close();
  await assertNothingLeft();
});
