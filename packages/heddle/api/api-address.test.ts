import assert from "node:assert/strict";
import { test } from "node:test";
import { formatApiAddress, isLoopback, parseApiAddress } from "./api-address.ts";

test("reads addresses with ports, and a port alone", () => {
  assert.deepEqual(parseApiAddress("127.0.0.1:9901"), { host: "127.0.0.1", port: 9901 });
  assert.deepEqual(parseApiAddress("[::1]:0"), { host: "::1", port: 0 });
  assert.deepEqual(parseApiAddress("localhost:1"), { host: "127.0.0.1", port: 1 });
  assert.deepEqual(parseApiAddress("9901"), { host: "127.0.0.1", port: 9901 });
  assert.equal(formatApiAddress({ host: "::1", port: 1 }), "[::1]:1");
  for (const text of ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:9901", "http://127.0.0.1:1"]) {
    assert.throws(() => parseApiAddress(text), /must be ADDRESS:PORT/);
  }
});

test("an address that other machines can reach is refused (threats 32)", () => {
  const spellings = [
    "0.0.0.0",
    "[::]",
    "10.0.0.1",
    "192.168.1.1",
    "[::ffff:127.0.0.1]",
    "example.com",
    "127.1",
    "",
    "*",
  ];
  for (const host of spellings) {
    assert.throws(() => parseApiAddress(`${host}:9901`), /beyond loopback/, host);
  }
  assert.equal(isLoopback("127.9.9.9"), true);
  assert.equal(isLoopback("0:0:0:0:0:0:0:1"), true);
});
