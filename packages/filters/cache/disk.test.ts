import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import type { Reply } from "@heddle/engine/filter";
import { answerOf, CacheRig, rigConfig } from "./cache-rig.suite.ts";
import { inFolder } from "./disk-rig.suite.ts";

const fresh = {
  headers: [
    ["cache-control", "max-age=60"],
    ["etag", '"1"'],
    ["surrogate-key", "shop"],
  ],
  body: "hello",
} as const;

/** A cache of the same policy in another process: it has the disk, and no memory. */
function other(folder: string, name: string): CacheRig {
  // The store's name is its folder's; that of memory must not be shared with the one before.
  return new CacheRig(rigConfig({ store: name, disk: { folder, maxBytes: 1_000_000 } }));
}

const asked = async (rig: CacheRig) => {
  const exchange = rig.exchange();
  const reply = (await rig.filter.requestHead!(exchange)) as Reply | undefined;
  if (reply !== undefined) rig.end(exchange);
  return { exchange, answer: reply === undefined ? null : answerOf(exchange, reply, null) };
};

async function storeOne(folder: string): Promise<CacheRig> {
  const rig = other(folder, `shop-${Math.random()}`);
  const { exchange, answer } = await asked(rig);
  assert.equal(answer, null);
  rig.respond(exchange, fresh);
  await written(folder, 1);
  return rig;
}

async function written(folder: string, count: number): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    const all = await readdir(folder, { recursive: true });
    if (all.filter((name) => /[0-9a-f]{64}$/.test(name)).length === count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(`there are not ${count} files`);
}

/** The memory is lost, the disk is not. */
async function restarted(rig: CacheRig): Promise<CacheRig> {
  const store = (rig.filter as unknown as { store: { memory: { remove(key: string): number } } }).store;
  assert.equal(store.memory.remove("rule shop/orders/0 http://shop.example/a"), 1);
  return rig;
}

test("what is on disk is answered when memory has it no more, and is in memory then", () =>
  inFolder(async (folder) => {
    const rig = await restarted(await storeOne(folder));
    const { answer } = await asked(rig);
    assert.deepEqual([answer?.status, answer?.body], [200, "hello"]);
    assert.ok(rig.context.events.includes("from-disk"));
    const again = rig.ask({});
    assert.equal(again.body, "hello", "without a wait");
  }));

test("what was purged, or changed, since then is not", () =>
  inFolder(async (folder) => {
    const rig = await restarted(await storeOne(folder));
    rig.clock.advance(10);
    rig.context.data("purges").set([{ atMs: rig.clock.wallMs(), by: "tag", value: "shop" }]);
    const { answer } = await asked(rig);
    assert.equal(answer, null);
  }));

test("a change by another method is one on disk too", () =>
  inFolder(async (folder) => {
    const rig = await storeOne(folder);
    rig.clock.advance(10);
    rig.ask({ method: "PUT" }, { status: 204 });
    await written(folder, 0);
    const { answer } = await asked(rig);
    assert.equal(answer, null);
  }));

test("what is stale on disk is asked about, and kept anew", () =>
  inFolder(async (folder) => {
    const rig = await restarted(await storeOne(folder));
    rig.clock.advance(61_000);
    const { exchange, answer } = await asked(rig);
    assert.equal(answer, null);
    assert.equal(exchange.request.fields.get("if-none-match"), '"1"');
    assert.equal(rig.respond(exchange, { status: 304 }).body, "hello");
  }));
