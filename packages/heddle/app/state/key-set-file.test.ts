import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { becomesTrue } from "@heddle/testkit";
import type { SavedKeySet } from "../../key-sets/index.ts";
import { KeySetFile } from "./key-set-file.ts";

const sets = (text: string): ReadonlyMap<string, SavedKeySet> =>
  new Map([["key-set/url/x", { source: "s", text, fetchedMs: 1 }]]);

async function place(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "heddle-key-sets-"));
  t.after(() => rm(folder, { recursive: true }));
  return path.join(folder, "key-sets.json");
}

test("gives back what was written last, in a file that nobody else reads, and leaves nothing beside it", async (t) => {
  const name = await place(t);
  const file = new KeySetFile(name, assert.fail, false);
  assert.deepEqual(await file.read(), new Map());
  for (const text of ["a", "b", "c"]) file.write(sets(text));
  const isLast = async () => (await readFile(name, "utf8").catch(() => "")).includes('"c"');
  assert.ok(await becomesTrue(isLast, 20_000));
  assert.equal((await stat(name)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(path.dirname(name)), ["key-sets.json"]);
  assert.deepEqual(await new KeySetFile(name, assert.fail, false).read(), sets("c"));
});

test("what others may write, or is damaged, is not used, and the log says so", async (t) => {
  const name = await place(t);
  const logs: string[] = [];
  const file = new KeySetFile(
    name,
    (_, message, facts) => logs.push(`${message}: ${facts?.["cause"]}`),
    false,
  );
  await writeFile(name, JSON.stringify(Object.fromEntries(sets("a"))), { mode: 0o600 });
  assert.equal((await file.read()).size, 1);
  await chmod(name, 0o620);
  assert.equal((await file.read()).size, 0);
  await chmod(name, 0o600);
  for (const text of ["", "{", "7", "null", '{"x":null}', '{"x":{"source":1,"text":"a","fetchedMs":1}}']) {
    await writeFile(name, text);
    assert.equal((await file.read()).size, 0, text);
  }
  assert.match(logs[0]!, /the key sets of the process before are not used: others may write it/);
  assert.equal(logs.length, 3);
});

test("a process that takes over writes nothing before the file is its own", async (t) => {
  const name = await place(t);
  const file = new KeySetFile(name, assert.fail, true);
  file.write(sets("a"));
  const first = new KeySetFile(name, assert.fail, false);
  first.write(sets("b"));
  const holds = (text: string) => async () =>
    (await readFile(name, "utf8").catch(() => "")).includes(`"${text}"`);
  assert.ok(await becomesTrue(holds("b"), 20_000));
  file.takeOver();
  assert.ok(await becomesTrue(holds("a"), 20_000));
});
