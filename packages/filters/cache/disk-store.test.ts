import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Fields } from "@heddle/engine/message";
import { storedResponse as response } from "./disk-rig.suite.ts";
import { DiskStore } from "./disk-store.ts";

let root: string;
let count = 0;
before(async () => void (root = await mkdtemp(path.join(os.tmpdir(), "heddle-cache-"))));
after(() => rm(root, { recursive: true }));

const newFolder = (): string => path.join(root, String(count++));
const always = (): boolean => true;
const none = new Fields();

/** All files of a store, with their sizes. */
async function filesOf(folder: string): Promise<string[]> {
  const parts = await readdir(folder);
  const names = await Promise.all(
    parts.map(async (part) =>
      (await readdir(path.join(folder, part))).map((n) => path.join(folder, part, n)),
    ),
  );
  return names.flat();
}

test("what is put is found, by another store of the folder too, as it was", async () => {
  const folder = newFolder();
  const stored = response("k", Buffer.from([0, 255, 10, 13]));
  assert.equal(await new DiskStore(folder, 1e6).put(stored, always), true);
  const { lastModified: _none, ...found } = (await new DiskStore(folder, 1e6).find("k", none))!;
  const { lastModified: _same, ...expected } = stored;
  assert.deepEqual({ ...found, body: Buffer.from(found.body as Uint8Array) }, expected);
  assert.equal(await new DiskStore(folder, 1e6).find("other", none), null);
  const [file] = await filesOf(folder);
  assert.equal((await stat(file!)).mode & 0o777, 0o600);
});

test("variants are told apart, and gone when what they vary by is another", async () => {
  const store = new DiskStore(newFolder(), 1e6);
  const by = (name: string, value: string, body: string) =>
    response("k", body, { varyNames: [name], variant: JSON.stringify([value]) });
  await store.put(by("accept", "x", "X"), always);
  await store.put(by("accept", "y", "Y"), always);
  const find = async (name: string, value: string) =>
    String((await store.find("k", Fields.of([[name, value]])))?.body);
  assert.deepEqual(
    [await find("accept", "x"), await find("accept", "y"), await find("accept", "z")],
    ["X", "Y", "undefined"],
  );
  await store.put(by("cookie", "c", "C"), always);
  assert.deepEqual([await find("accept", "x"), await find("cookie", "c")], ["undefined", "C"]);
  await store.put(by("accept", "y", "new"), always);
  assert.deepEqual(
    [await find("accept", "x"), await find("accept", "y")],
    ["undefined", "new"],
    "the old ones do not come back",
  );
});

test("a file that is not as it was written is none, and is removed", async () => {
  for (const damage of [
    (bytes: Buffer) => bytes.subarray(0, -1),
    (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("x")]),
    (bytes: Buffer) => {
      bytes[bytes.length - 1] ^= 1;
      return bytes;
    },
    (bytes: Buffer) => {
      bytes[60] ^= 1;
      return bytes;
    },
    (bytes: Buffer) => {
      bytes.writeUInt32BE(0xffff_ffff, 8);
      return bytes;
    },
    () => Buffer.alloc(0),
    () => Buffer.from("<html>"),
  ]) {
    const folder = newFolder();
    const store = new DiskStore(folder, 1e6);
    await store.put(response("k", "hello"), always);
    const [file] = await filesOf(folder);
    await writeFile(file!, damage(await readFile(file!)));
    assert.equal(await store.find("k", none), null);
    assert.deepEqual(await filesOf(folder), []);
  }
});

test("one file in another's place answers nobody", async () => {
  const folder = newFolder();
  const store = new DiskStore(folder, 1e6);
  await store.put(response("a", "A"), always);
  const [first] = await filesOf(folder);
  await store.put(response("b", "B"), always);
  const second = (await filesOf(folder)).find((file) => file !== first);
  await writeFile(second!, await readFile(first!));
  assert.equal(await store.find("b", none), null);
});

test("what is not wanted any more when it is written does not show", async () => {
  const folder = newFolder();
  const store = new DiskStore(folder, 1e6);
  assert.equal(await store.put(response("k", "x"), () => false), false);
  assert.equal(await store.find("k", none), null);
  assert.deepEqual(await filesOf(folder), []);
  await store.put(response("k", "x"), always);
  await store.remove("k");
  assert.equal(await store.find("k", none), null);
});

test("it stays within its bound: the oldest go", async () => {
  const folder = newFolder();
  const store = new DiskStore(folder, 100_000);
  for (let at = 0; at < 30; at++) {
    await store.put(response(`k${at}`, Buffer.alloc(10_000, at)), always);
    await store.settled();
    for (const file of await filesOf(folder)) {
      // Times of files differ by milliseconds here: make them differ by what was put last.
      const { mtimeMs } = await stat(file);
      await utimes(file, new Date(mtimeMs - 1_000), new Date(mtimeMs - 1_000));
    }
  }
  const sizes = await Promise.all((await filesOf(folder)).map(async (file) => (await stat(file)).size));
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 100_000);
  assert.notEqual(await store.find("k29", none), null);
  assert.equal(await store.find("k0", none), null);
});

test("a folder that cannot be written keeps nothing, and nothing fails", async () => {
  const file = newFolder();
  await writeFile(file, "no folder");
  const store = new DiskStore(file, 1e6);
  assert.equal(await store.put(response("k", "x"), always), false);
  assert.equal(await store.find("k", none), null);
});
