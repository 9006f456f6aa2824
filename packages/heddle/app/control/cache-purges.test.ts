import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { Purge } from "@heddle/filters";
import { CachePurges, isPurgeRequest } from "./cache-purges.ts";

async function inFolder(run: (file: string, logged: string[]) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "heddle-purges-"));
  try {
    await run(path.join(folder, "purges.json"), []);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const open = async (file: string, logged: string[]): Promise<CachePurges> => {
  const purges = new CachePurges(file, (_level, message) => void logged.push(message));
  await purges.open(1_000);
  return purges;
};

const valueOf = ({ units }: CachePurges): readonly Purge[] =>
  units.flatMap(({ unit }) => (unit.kind === "data" ? (unit.value as readonly Purge[]) : []));

test("a purge is a data unit, in force when that is applied, and there after a restart", () =>
  inFolder(async (file, logged) => {
    const purges = await open(file, logged);
    assert.deepEqual(purges.units, []);
    const purge = await purges.add({ by: "tag", value: "a" }, 5);
    assert.equal(purges.isInForce(purge), false);
    purges.applied(purges.units);
    assert.equal(purges.isInForce(purge), true);
    assert.deepEqual(valueOf(await open(file, logged)), [{ atMs: 5, by: "tag", value: "a" }]);
    assert.deepEqual(logged, []);
  }));

test("the same again is one, all is all, and too many are folded", () =>
  inFolder(async (file, logged) => {
    const purges = await open(file, logged);
    await purges.add({ by: "url", value: "http://a/" }, 1);
    await purges.add({ by: "url", value: "http://a/" }, 2);
    assert.deepEqual(valueOf(purges), [{ atMs: 2, by: "url", value: "http://a/" }]);
    for (let at = 3; at <= 1_002; at++) await purges.add({ by: "tag", value: `t${at}` }, at);
    const folded = valueOf(purges);
    assert.ok(folded.length <= 502);
    assert.equal(folded[0]!.by, "all");
    assert.ok(folded[0]!.atMs < folded[1]!.atMs);
    await purges.add({ by: "all", value: "" }, 2_000);
    assert.deepEqual(valueOf(purges), [{ atMs: 2_000, by: "all", value: "" }]);
  }));

test("a file that cannot be read means that all was purged", () =>
  inFolder(async (file, logged) => {
    for (const text of ["", "{}", '[{"by":"tag"}]', '[{"by":"some","value":"","atMs":1}]']) {
      await writeFile(file, text);
      assert.deepEqual(valueOf(await open(file, logged)), [{ atMs: 1_000, by: "all", value: "" }], text);
    }
    await writeFile(file, "[]");
    assert.deepEqual(valueOf(await open(file, logged)), []);
    assert.equal(await readFile(file, "utf8"), "[]");
  }));

test("what is no purge is none", () => {
  for (const value of [
    null,
    "all",
    {},
    { by: "url" },
    { by: "x", value: "" },
    { by: "url", value: "x".repeat(9_000) },
  ])
    assert.equal(isPurgeRequest(value), false);
  assert.equal(isPurgeRequest({ by: "all", value: "" }), true);
});
