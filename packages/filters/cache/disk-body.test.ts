import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { open, readdir, readFile, readlink, rename, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { BodySource } from "@heddle/engine/filter";
import { Fields } from "@heddle/engine/message";
import { becomesTrue } from "@heddle/testkit";
import { DiskBody } from "./disk-body.ts";
import { SLICE_BYTES } from "./disk-file.ts";
import { DiskStore } from "./disk-store.ts";
import { inFolder, storedResponse } from "./disk-rig.suite.ts";
import { MAX_OPEN_BODIES, openFiles } from "./open-files.ts";

const none = new Fields();
const always = (): boolean => true;
/** Three slices, and a part of one. */
const content = randomBytes(3 * SLICE_BYTES + 1_000);

interface Stored {
  readonly folder: string;
  readonly store: DiskStore;
  readonly file: string;
}

const withStored = (run: (stored: Stored) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const store = new DiskStore(folder, 1e9);
    assert.equal(await store.put(storedResponse("k", content), always), true);
    await run({ folder, store, file: await onlyFile(folder) });
    await allClosed(folder);
  });

async function onlyFile(folder: string): Promise<string> {
  const all = await readdir(folder, { recursive: true });
  const [name, ...others] = all.filter((one) => /[0-9a-f]{64}$/.test(one));
  assert.deepEqual(others, []);
  return path.join(folder, name!);
}

async function findBody(store: DiskStore, key: string = "k"): Promise<DiskBody> {
  const found = await store.find(key, none);
  assert.ok(found?.body instanceof DiskBody);
  return found.body;
}

async function readAll(source: BodySource): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let length = 0; length < source.length; length += parts.at(-1)!.length)
    parts.push(Buffer.from(await source.read()));
  return Buffer.concat(parts);
}

/** No descriptor of this process leads into the folder. */
async function allClosed(folder: string): Promise<void> {
  const areClosed = async (): Promise<boolean> => {
    const links = await Promise.all(
      (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
    );
    return openFiles.bodies === 0 && !links.some((link) => link.startsWith(folder));
  };
  assert.ok(await becomesTrue(areClosed, 20_000, 1), "files are open");
}

test("a long body is read slice by slice, whole and in part", () =>
  withStored(async ({ store }) => {
    const body = await findBody(store);
    assert.equal(body.length, content.length);
    assert.ok((await readAll(body.source())).equals(content));
    const last = content.length - 1;
    for (const [from, to] of [
      [0, 0],
      [SLICE_BYTES - 1, SLICE_BYTES],
      [SLICE_BYTES, 2 * SLICE_BYTES - 1],
      [100, 2 * SLICE_BYTES + 5],
      [last, last],
    ])
      assert.ok(
        (await readAll(body.source(from, to))).equals(content.subarray(from, to! + 1)),
        `${from}-${to}`,
      );
    assert.ok(Buffer.from(await body.readWhole()).equals(content));
    body.release();
  }));

test("what was removed, or replaced, while it is read is read to its end; whoever comes next gets the other", () =>
  withStored(async ({ store }) => {
    const body = await findBody(store);
    const source = body.source();
    const first = Buffer.from(await source.read());
    await store.put(storedResponse("k", Buffer.alloc(2 * SLICE_BYTES, "n")), always);
    const next = await findBody(store);
    assert.equal(next.length, 2 * SLICE_BYTES);
    await store.remove("k");
    assert.equal(await store.find("k", none), null);
    const rest = await readAll({ length: source.length - first.length, read: () => source.read() });
    assert.ok(Buffer.concat([first, rest]).equals(content));
    assert.equal((await readAll(next.source())).toString(), "n".repeat(2 * SLICE_BYTES));
    body.release();
    next.release();
  }));

const damages: [string, (file: string) => Promise<void>][] = [
  ["cut short", (file) => truncate(file, SLICE_BYTES + 10)],
  ["emptied", (file) => truncate(file, 0)],
  ["changed", (file) => overwrite(file, SLICE_BYTES + 10)],
  ["changed at its end", (file) => overwrite(file, content.length - 1)],
];

async function overwrite(file: string, at: number): Promise<void> {
  const handle = await open(file, "r+");
  await handle.write(Buffer.from([content[at]! ^ 1]), 0, 1, at);
  await handle.close();
}

for (const [name, damage] of damages)
  test(`a file that is ${name} while it is read gives nothing else than what was written`, () =>
    withStored(async ({ store, file }) => {
      const body = await findBody(store);
      const source = body.source();
      const got = [Buffer.from(await source.read())];
      await damage(file);
      await assert.rejects(async () => {
        for (let at = 0; at < 4; at++) got.push(Buffer.from(await source.read()));
      }, /stored body at octet/);
      assert.ok(content.subarray(0, Buffer.concat(got).length).equals(Buffer.concat(got)));
      body.release();
      assert.equal(await store.find("k", none), null, "nobody is answered with it again");
    }));

test("a file that took the place of a damaged one is left alone", () =>
  withStored(async ({ folder, store, file }) => {
    const body = await findBody(store);
    const other = await readFile(file);
    await truncate(file, 10);
    await writeFile(`${file}.other`, other);
    await rename(`${file}.other`, file);
    await assert.rejects(body.readSlice(0, Buffer.alloc(SLICE_BYTES)));
    await turn();
    body.release();
    const found = await findBody(new DiskStore(folder, 1e9));
    assert.ok((await readAll(found.source())).equals(content));
    found.release();
  }));

test("many have one descriptor, and the last closes it", () =>
  withStored(async ({ store }) => {
    const together = await Promise.all(Array.from({ length: 50 }, () => findBody(store)));
    const later = await findBody(store);
    assert.equal(new Set([...together, later]).size, 1);
    assert.equal(openFiles.bodies, 1);
    const reading = later.source().read();
    for (const body of [...together, later]) body.release();
    assert.equal((await reading).length, SLICE_BYTES, "a read under way ends well");
    assert.equal(later.isOpen, false);
    (await findBody(store)).release();
  }));

test("there is a bound on what is open: what is beyond it is not found", () =>
  withStored(async ({ store }) => {
    const held = await findBody(store);
    try {
      while (openFiles.enter());
      const again = await findBody(store);
      again.release();
      held.release();
      // It is closed in another thread.
      assert.ok(await becomesTrue(() => openFiles.bodies < MAX_OPEN_BODIES, 10_000));
      openFiles.enter();
      assert.equal(await store.find("k", none), null);
      assert.equal(store.openSpool(), null);
    } finally {
      openFiles.bodies = 0;
    }
    (await findBody(store)).release();
  }));

test("a new head for a body that is on disk already: both are there, and the body is not in memory", () =>
  withStored(async ({ store }) => {
    const found = (await store.find("k", none))!;
    const newer = { ...found, arrivedMs: 99 };
    const [one, other] = await Promise.all([store.put(newer, always), store.put(newer, always)]);
    assert.deepEqual([one, other], [true, false], "once at a time");
    const again = (await store.find("k", none))!;
    assert.equal(again.arrivedMs, 99);
    assert.notEqual(again.body, found.body);
    assert.ok((await readAll((again.body as DiskBody).source())).equals(content));
    (found.body as DiskBody).release();
    (again.body as DiskBody).release();
  }));
