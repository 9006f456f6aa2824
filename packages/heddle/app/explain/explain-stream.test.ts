import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExplainStream } from "./explain-stream.ts";

test("reads scheme, server name and port", () => {
  const read = (url: string) => {
    const { scheme, serverName, port } = parseExplainStream(url);
    return [scheme, serverName, port];
  };
  assert.deepEqual(read("tcp://db.localhost:5432"), ["tcp", "", 5432]);
  assert.deepEqual(read("TLS://DB.localhost:5433/"), ["tls", "db.localhost", 5433]);
  assert.deepEqual(read("tls://db.localhost"), ["tls", "db.localhost", 443]);
  assert.deepEqual(read("tls://192.0.2.1:5433"), ["tls", "", 5433]);
  assert.deepEqual(read("tls://[2001:db8::1]:5433"), ["tls", "", 5433]);
  assert.deepEqual(read("udp://[::1]:53"), ["udp", "", 53]);
});

test("what is no connection is refused in words", () => {
  const refuse = (url: string, message: RegExp) => assert.throws(() => parseExplainStream(url), { message });
  refuse("tcp://db.localhost", /has no port/);
  refuse("udp://:53", /is no URL such as tcp:/);
  refuse("tcp://db.localhost:5432/path", /is no URL such as tcp:/);
  refuse("tcp://db.localhost:70000", /is no URL such as tcp:/);
});
