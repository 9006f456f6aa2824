import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { defaultStateFolder, openStateFolder } from "./state-folder.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "heddle-state-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

test("makes a folder and a token that only the user can read, and keeps the token", async () => {
  const inner = path.join(folder, "a/b");
  const { token } = await openStateFolder(inner);
  assert.match(token, /^[\w-]{43}$/);
  assert.deepEqual([mode(inner), mode(path.join(inner, "token"))], ["700", "600"]);
  assert.equal(readFileSync(path.join(inner, "token"), "utf8"), `${token}\n`);
  assert.equal((await openStateFolder(inner)).token, token);
  assert.notEqual((await openStateFolder(path.join(folder, "other"))).token, token);
});

test("a place where no folder can be made is named with the mend, and at once", async () => {
  writeFileSync(path.join(folder, "file"), "");
  for (const place of ["/proc/none", "/proc/none/deeper", path.join(folder, "file/x")]) {
    await assert.rejects(
      openStateFolder(place),
      /state folder .* cannot be made: .*; give another one with --state/,
    );
  }
});

test("a folder that others could read is closed to them", async () => {
  chmodSync(folder, 0o755);
  await openStateFolder(folder);
  assert.equal(mode(folder), "700");
});

test("a token that others could read, or that is none, is refused", async () => {
  writeFileSync(path.join(folder, "token"), `${"a".repeat(43)}\n`, { mode: 0o644 });
  await assert.rejects(openStateFolder(folder), /can be read by others/);
  chmodSync(path.join(folder, "token"), 0o600);
  writeFileSync(path.join(folder, "token"), "short\n");
  await assert.rejects(openStateFolder(folder), /holds no token/);
});

test("the default follows XDG_STATE_HOME where it is absolute", () => {
  assert.equal(defaultStateFolder({ XDG_STATE_HOME: "/var/x" }), "/var/x/heddle");
  const usual = path.join(homedir(), ".local/state/heddle");
  assert.equal(defaultStateFolder({ XDG_STATE_HOME: "relative" }), usual);
  assert.equal(defaultStateFolder({}), usual);
});
