import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { root } from "../repository.ts";

const folder = path.join(root, "docs/adr");
const read = (file: string) => readFileSync(path.join(folder, file), "utf8");

/** A row of the index: number, title, file. */
const ROW = /^\| (\d+) +\| \[(.+?)\]\((.+?)\) +\| \S.* \|$/gm;

test("the index of decisions has each record once, in order, by its title", () => {
  const files = readdirSync(folder).filter((file) => /^\d{4}-.+\.md$/.test(file));
  const records = files.sort().map((file) => {
    const [, number, title] = /^# (\d+)\. (.+)$/m.exec(read(file)) ?? [];
    assert.equal(number, String(Number(file.slice(0, 4))), `${file} has its number in its title`);
    return [number, title, file];
  });
  assert.ok(records.length > 0);
  const rows = [...read("README.md").matchAll(ROW)].map(([, ...cells]) => cells);
  assert.deepEqual(rows, records);
});
