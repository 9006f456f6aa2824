import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { readStateFile, writeStateFile } from "./state-file.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "heddle-state-"));
  file = path.join(folder, "deep", "one.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const asIs = (value: unknown): unknown => value;

test("what is written is read, and nobody else can read it", async () => {
  assert.deepEqual(await readStateFile(file, asIs), { kind: "absent" });
  await writeStateFile(file, { a: 1 });
  await writeStateFile(file, { a: 2 });
  assert.deepEqual(await readStateFile(file, asIs), { kind: "read", value: { a: 2 }, wasOpen: false });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(path.dirname(file)), ["one.json"]);
});

test("a write that fails leaves the file of before, and no other", async () => {
  await writeStateFile(file, { a: 1 });
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  await assert.rejects(writeStateFile(file, circular));
  assert.deepEqual(readdirSync(path.dirname(file)), ["one.json"]);
  assert.equal(readFileSync(file, "utf8"), '{\n  "a": 1\n}\n');
});

test("the rest of a write that a crash cut short is no state", async () => {
  await writeStateFile(file, { a: 1 });
  writeFileSync(`${file}.0badc0ffee00.tmp`, '{"a":');
  assert.deepEqual(await readStateFile(file, asIs), { kind: "read", value: { a: 1 }, wasOpen: false });
});

test("damage is set aside, and told without quoting what may be a key", async () => {
  await writeStateFile(file, {});
  writeFileSync(file, '{"keyPem": "SECRET');
  const read = await readStateFile(file, asIs);
  assert.deepEqual(read, { kind: "damaged", mistake: "not JSON", asideAs: `${file}.damaged` });
  assert.equal(readFileSync(`${file}.damaged`, "utf8"), '{"keyPem": "SECRET');
  assert.deepEqual(await readStateFile(file, asIs), { kind: "absent" });
});
