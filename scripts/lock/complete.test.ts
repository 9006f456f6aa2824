import assert from "node:assert/strict";
import { test } from "node:test";
import { completeLock, type Lock } from "./complete.ts";

const lockWith = (optionalDependencies: Record<string, string>, more: Lock["packages"] = {}): Lock => ({
  packages: { "node_modules/tool": { dev: true, optionalDependencies }, ...more },
});

test("a platform package that is named and not there gets an entry", () => {
  const lock = lockWith({
    "@tool/linux-x64-musl": "1.2.3",
    "@tool/darwin-arm64": "1.2.3",
    "@tool/linux-arm-gnueabihf": "1.2.3",
  });
  assert.deepEqual(completeLock(lock), [
    "@tool/linux-x64-musl",
    "@tool/darwin-arm64",
    "@tool/linux-arm-gnueabihf",
  ]);
  assert.deepEqual(lock.packages["node_modules/@tool/linux-x64-musl"], {
    version: "1.2.3",
    cpu: ["x64"],
    dev: true,
    libc: ["musl"],
    optional: true,
    os: ["linux"],
  });
  assert.deepEqual(lock.packages["node_modules/@tool/linux-arm-gnueabihf"]?.libc, ["glibc"]);
  assert.equal(lock.packages["node_modules/@tool/darwin-arm64"]?.libc, undefined);
  assert.deepEqual(completeLock(lock), []);
});

test("entries that are there stay as they are, nested ones too", () => {
  const entry = { version: "1.2.3", optional: true };
  const lock = lockWith(
    { "@tool/linux-x64-gnu": "1.2.3", "@tool/win32-x64-msvc": "1.2.3" },
    {
      "node_modules/@tool/linux-x64-gnu": entry,
      "node_modules/tool/node_modules/@tool/win32-x64-msvc": entry,
    },
  );
  assert.deepEqual(completeLock(lock), []);
  assert.equal(Object.keys(lock.packages).length, 3);
});

test("a range, or a name without a platform, cannot be completed", () => {
  assert.throws(
    () => completeLock(lockWith({ "@tool/linux-x64-gnu": "^1.2.3" })),
    /@tool\/linux-x64-gnu@\^1\.2\.3/,
  );
  assert.throws(() => completeLock(lockWith({ fsevents: "2.3.3" })), /fsevents@2\.3\.3/);
});
