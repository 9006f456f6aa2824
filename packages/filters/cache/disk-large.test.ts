import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Reply } from "@heddle/engine/filter";
import { Fields, ResponseHead } from "@heddle/engine/message";
import { becomesTrue } from "@heddle/testkit";
import type { Exchange } from "@heddle/engine/message";
import { CacheRig, rigConfig } from "./cache-rig.suite.ts";
import type { Asked } from "./cache-rig.suite.ts";
import { SLICE_BYTES } from "./disk-file.ts";
import { inFolder } from "./disk-rig.suite.ts";
import { openFiles } from "./open-files.ts";

/** Longer than what is held in memory. */
const content = randomBytes(1_300_000)
  .toString("latin1")
  .replace(/[^a-z]/g, "x");
const headers = [
  ["cache-control", "max-age=60, stale-while-revalidate=60"],
  ["etag", '"1"'],
] as const;

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  assert.ok(await becomesTrue(isSo, 20_000, 1), "it does not come");
}

const count = (rig: CacheRig, event: string): number =>
  rig.context.events.filter((one) => one === event).length;

interface Looked {
  readonly exchange: Exchange;
  readonly reply: Reply | undefined;
}

async function look(rig: CacheRig, asked: Asked = {}): Promise<Looked> {
  const exchange = rig.exchange(asked);
  return { exchange, reply: (await rig.filter.requestHead!(exchange)) as Reply | undefined };
}

async function bodyOf({ source, body }: Reply): Promise<string> {
  let text = String(body);
  if (source === undefined) return text;
  while (text.length < source.length) text += Buffer.from(await source.read()).toString();
  return text;
}

/** A cache that has the response on disk, and nothing in memory. */
const withStored = (run: (rig: CacheRig, file: () => Promise<string>) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const disk = { folder, maxBytes: 1e8 };
    const rig = new CacheRig(rigConfig({ disk, memoryBytes: 4_000_000, maxObjectBytes: 4_000_000 }));
    const { exchange } = await look(rig);
    rig.respond(exchange, { headers, body: content });
    await until(() => count(rig, "stored") === 1);
    await run(rig, async () => {
      const all = await readdir(folder, { recursive: true });
      return path.join(
        folder,
        all.find((name) => /[0-9a-f]{64}$/.test(name))!,
      );
    });
    await until(() => openFiles.bodies === 0);
  });

test("a long response is on disk alone, and is read as it is sent", () =>
  withStored(async (rig) => {
    const { memory, pendingBytes } = (
      rig.filter as unknown as { store: { memory: { size: number }; pendingBytes: number } }
    ).store;
    assert.deepEqual([memory.size, pendingBytes], [0, 0]);
    const { exchange, reply } = await look(rig);
    assert.equal(reply?.source?.length, content.length);
    assert.equal(await bodyOf(reply), content);
    rig.end(exchange);
    const part = await look(rig, { headers: [["range", "bytes=70000-200000"]] });
    assert.equal(part.reply?.status, 206);
    assert.equal(await bodyOf(part.reply), content.slice(70_000, 200_001));
    rig.end(part.exchange);
    const known = await look(rig, { headers: [["if-none-match", '"1"']] });
    assert.deepEqual([known.reply?.status, known.reply?.source], [304, undefined]);
    rig.end(known.exchange);
  }));

test("a client that leaves while the disk is looked at leaves nothing open", () =>
  withStored(async (rig) => {
    const exchange = rig.exchange();
    const wait = rig.filter.requestHead!(exchange);
    rig.end(exchange);
    assert.equal(await wait, undefined);
  }));

test("those who wait for a long response get it from the disk when it is whole", () =>
  inFolder(async (folder) => {
    const disk = { folder, maxBytes: 1e8 };
    const rig = new CacheRig(rigConfig({ disk, maxObjectBytes: 4_000_000 }));
    const first = await look(rig);
    const waiting = [look(rig), look(rig)];
    await until(() => count(rig, "wait") === 2);
    rig.respond(first.exchange, { headers, body: content });
    for (const { exchange, reply } of await Promise.all(waiting)) {
      assert.equal(await bodyOf(reply!), content);
      rig.end(exchange);
    }
    await until(() => openFiles.bodies === 0);
  }));

async function damage(file: string, at: number): Promise<void> {
  const handle = await open(file, "r+");
  await handle.write(Buffer.from("!"), 0, 1, at);
  await handle.close();
}

test("what is damaged where it would begin is asked for again", () =>
  withStored(async (rig, file) => {
    await damage(await file(), 3 * SLICE_BYTES);
    const before = await look(rig, { headers: [["range", "bytes=0-9"]] });
    assert.equal(before.reply?.status, 206, "this part is as it was");
    rig.end(before.exchange);
    const { exchange, reply } = await look(rig, { headers: [["range", `bytes=${3 * SLICE_BYTES + 5}-`]] });
    assert.equal(reply, undefined);
    assert.equal(count(rig, "disk-damaged"), 1);
    assert.equal(rig.respond(exchange, { headers, body: "new" }).body, "new");
  }));

test("what is damaged further on breaks off there, and is asked for by whoever comes next", () =>
  withStored(async (rig, file) => {
    await damage(await file(), 3 * SLICE_BYTES);
    const { exchange, reply } = await look(rig);
    const { source } = reply!;
    for (let slice = 0; slice < 3; slice++) assert.equal((await source!.read()).length, SLICE_BYTES);
    await assert.rejects(source!.read());
    rig.end(exchange);
    const next = await look(rig);
    assert.equal(next.reply, undefined);
    rig.respond(next.exchange, { headers, body: "new" });
  }));

test("a 304 brings the head up to date, and the body is sent from the disk", () =>
  withStored(async (rig) => {
    rig.clock.advance(121_000);
    const { exchange, reply } = await look(rig);
    assert.equal(reply, undefined);
    exchange.response = null;
    const answered = rig.filter.responseHead!(exchange, headOf304(rig)) as Reply;
    assert.equal(await bodyOf(answered), content);
    rig.end(exchange);
    await until(() => count(rig, "stored") === 2);
    const next = await look(rig);
    assert.equal(await bodyOf(next.reply!), content, "fresh again");
    rig.end(next.exchange);
  }));

const headOf304 = (rig: CacheRig): ResponseHead =>
  new ResponseHead(304, Fields.of([...headers, ["date", rig.date()]]), 0);

test("what is asked for in the background reads nothing for nobody, and closes it", () =>
  withStored(async (rig) => {
    rig.clock.advance(61_000);
    const { exchange, reply } = await look(rig);
    assert.equal(reply?.source?.length, content.length);
    rig.end(exchange);
    await turn();
    assert.equal(openFiles.bodies, 1, "the background has it");
    rig.answerRefresh({ status: 304, headers });
    await until(() => count(rig, "stored") === 2);
  }));
