import assert from "node:assert/strict";
import { test } from "node:test";
import { main } from "./main.ts";

async function purge(...args: string[]): Promise<{ code: number; errors: string }> {
  let errors = "";
  const terminal = { out: () => {}, err: (part: string) => (errors += part), hasColor: false };
  const state = ["--state", "/nowhere/heddle"];
  const code = await main(["cache", "purge", ...state, ...args], terminal);
  return { code, errors };
}

test("a purge names one thing", async () => {
  for (const args of [
    [],
    ["--all", "--tag", "x"],
    ["--url", "shop.example/a"],
    ["--url", "ftp://shop.example/a"],
    ["--prefix", "/a"],
  ])
    assert.equal((await purge(...args)).code, 2, args.join(" "));
});

test("where nothing runs nothing is purged, and it says so", async () => {
  const { code, errors } = await purge("--url", "http://shop.example/a");
  assert.equal(code, 1);
  assert.match(
    errors,
    /no heddle runs with the state folder \/nowhere\/heddle; start one, or give the --state/,
  );
});
