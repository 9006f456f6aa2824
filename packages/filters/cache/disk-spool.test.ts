import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Fields } from "@heddle/engine/message";
import { DiskBody } from "./disk-body.ts";
import { inFolder, storedResponse } from "./disk-rig.suite.ts";
import { MAX_WAITING_BYTES } from "./disk-spool.ts";
import { DiskStore } from "./disk-store.ts";
import { openFiles } from "./open-files.ts";

const none = new Fields();
const { body: _body, ...head } = storedResponse("k", "");

const filesOf = async (folder: string): Promise<string[]> => {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  return all.filter((one) => one.isFile()).map(({ name }) => name);
};

test("a body that comes in pieces is on disk when it is whole, and none of it waits", () =>
  inFolder(async (folder) => {
    const store = new DiskStore(folder, 1e9);
    const content = randomBytes(500_000);
    const spool = store.openSpool()!;
    for (let at = 0; at < content.length; at += 7_001) {
      // The octets are the caller's again when it returns.
      const shared = Buffer.from(content.subarray(at, at + 7_001));
      assert.ok(spool.write(shared));
      shared.fill(0);
      if (at % 5 === 0) await new Promise(setImmediate);
    }
    assert.equal(await store.find("k", none), null, "nobody sees a part");
    assert.equal(await store.endSpool(spool, head, () => true), true);
    assert.deepEqual([store.waitingBytes, openFiles.bodies], [0, 0]);
    const found = await store.find("k", none);
    assert.ok(found?.body instanceof DiskBody);
    assert.ok(Buffer.from(await found.body.readWhole()).equals(content));
    found.body.release();
  }));

test("what comes faster than the disk is not stored, and takes no more memory than its bound", () =>
  inFolder(async (folder) => {
    const store = new DiskStore(folder, 1e9);
    const spool = store.openSpool()!;
    const piece = Buffer.alloc(1_000_000);
    let written = 0;
    // Within one turn: the disk cannot take any of it.
    while (spool.write(piece)) written += piece.length;
    assert.ok(written <= MAX_WAITING_BYTES && store.waitingBytes <= MAX_WAITING_BYTES);
    assert.equal(await store.endSpool(spool, head, () => true), false);
    assert.deepEqual([store.waitingBytes, openFiles.bodies], [0, 0]);
    assert.deepEqual(await filesOf(folder), []);
  }));

for (const isEnded of [true, false])
  test(`a body that is given up leaves nothing${isEnded ? ", nor one that is not wanted at its end" : ""}`, () =>
    inFolder(async (folder) => {
      const store = new DiskStore(folder, 1e9);
      const spool = store.openSpool()!;
      spool.write(Buffer.alloc(200_000));
      if (isEnded) assert.equal(await store.endSpool(spool, head, () => false), false);
      else {
        spool.abandon();
        spool.abandon();
        while (openFiles.bodies > 0) await new Promise(setImmediate);
      }
      assert.deepEqual([store.waitingBytes, openFiles.bodies], [0, 0]);
      assert.deepEqual(await filesOf(folder), []);
    }));

test("a folder that cannot be written loses the body, and nothing fails", () =>
  inFolder(async (root) => {
    const folder = path.join(root, "file");
    await writeFile(folder, "no folder");
    const store = new DiskStore(folder, 1e9);
    const spool = store.openSpool()!;
    spool.write(Buffer.alloc(200_000));
    assert.equal(await store.endSpool(spool, head, () => true), false);
    assert.deepEqual([store.waitingBytes, openFiles.bodies], [0, 0]);
    assert.equal(spool.write(Buffer.alloc(1)), false);
  }));
