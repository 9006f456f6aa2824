import assert from "node:assert";
import { test } from "node:test";
import { parseOptions } from "./options.ts";

test("without flags the documented ports are used", () => {
  assert.deepStrictEqual(parseOptions([]), {
    httpPort: 8080,
    httpsPort: 8443,
    tcpPort: 8090,
    api: { host: "127.0.0.1", port: 9901 },
    isCheck: false,
    isHelp: false,
  });
});

test("flags change each of them", () => {
  const options = parseOptions([
    "--port",
    "0",
    "--https-port=9443",
    "--tcp-port",
    "9090",
    "--api",
    "[::1]:9000",
    "--check",
  ]);
  assert.deepStrictEqual(options, {
    httpPort: 0,
    httpsPort: 9443,
    tcpPort: 9090,
    api: { host: "::1", port: 9000 },
    isCheck: true,
    isHelp: false,
  });
});

test("what is wrong is named with its flag", () => {
  assert.throws(() => parseOptions(["--port", "x"]), /--port must be a port/);
  assert.throws(() => parseOptions(["--https-port", "70000"]), /--https-port must be a port/);
  assert.throws(() => parseOptions(["--api", "9901"]), /--api must be HOST:PORT/);
  assert.throws(() => parseOptions(["--nonsense"]), /--nonsense/);
});
