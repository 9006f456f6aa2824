import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { main } from "./main.ts";

async function run(...argv: string[]): Promise<{ code: number; output: string }> {
  let output = "";
  const write = (text: string) => void (output += text);
  return { code: await main(argv, { out: write, err: write, hasColor: false }), output };
}

test("files are made in a folder, a line for each filter in its README, and nothing is written over", async (t) => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "heddle-new-")), "filters");
  t.after(() => rmSync(path.dirname(folder), { recursive: true, force: true }));
  const make = (name: string) => run("new", "filter", name, "--folder", folder);
  assert.equal((await make("tenant-header")).code, 0);
  assert.equal((await make("audit")).code, 0);
  assert.deepEqual(readdirSync(folder).sort(), [
    "README.md",
    "audit.test.ts",
    "audit.ts",
    "audit.yaml",
    // Of the first: no folder above has one.
    "package.json",
    "tenant-header.test.ts",
    "tenant-header.ts",
    "tenant-header.yaml",
  ]);
  assert.equal(readFileSync(path.join(folder, "README.md"), "utf8").match(/^- `/gm)?.length, 2);
  const again = await make("audit");
  assert.equal(again.code, 1);
  assert.match(again.output, /audit\.ts is there already; give another name, or --folder/);
});

test("what is no name of a filter is a wrong command line", async () => {
  for (const name of ["../evil", "Big", "a".repeat(41), "x.y", "1st", "end-"]) {
    const { code, output } = await run("new", "filter", name, "--folder", "/nowhere");
    assert.equal(code, 2, name);
    assert.match(output, /is no name of a filter/);
  }
});
