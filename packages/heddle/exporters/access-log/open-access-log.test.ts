import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Exchange, Fields, IN_PROCESS_PEER, RequestHead, ResponseHead } from "@heddle/engine/message";
import { AccessRecord, MetricsRegistry, WORKER, WorkerLane } from "@heddle/engine/observe";
import { openAccessLog } from "./open-access-log.ts";

const dir = mkdtempSync(join(tmpdir(), "heddle-access-log-"));
after(() => rmSync(dir, { recursive: true }));

function record(path: string): AccessRecord {
  const head = new RequestHead("GET", "http", "a.test", path, "", new Fields());
  const match = { listener: "", listenerIndex: -1, route: "", rule: "", routeIndex: -1 };
  const exchange = new Exchange(head, IN_PROCESS_PEER, match, 0);
  exchange.response = new ResponseHead(200, new Fields());
  exchange.markEnded(1);
  return new AccessRecord(exchange, Date.UTC(2026, 0, 31));
}

const paths = (file: string): string[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { path: string }).path);

describe("openAccessLog", () => {
  it("appends a line per record, in order, to a file of mode 0640", async () => {
    const path = join(dir, "appends.log");
    const first = await openAccessLog({ path });
    first.record(record("/1"));
    first.record(record("/2"));
    await first.close();
    const second = await openAccessLog({ path });
    second.record(record("/3"));
    await second.close();
    assert.deepEqual(paths(path), ["/1", "/2", "/3"]);
    assert.equal(statSync(path).mode & 0o777 & ~0o640, 0);
    assert.equal(second.lineCount, 1);
  });

  it("writes the combined format when asked", async () => {
    const path = join(dir, "common.log");
    const log = await openAccessLog({ path, format: "common" });
    log.record(record("/1"));
    await log.close();
    assert.equal(
      readFileSync(path, "utf8"),
      '- - - [30/Jan/2026:23:59:59 +0000] "GET /1 HTTP/1.1" 200 0 "-" "-"\n',
    );
  });

  it("goes on in a new file after reopen, and loses no line", async () => {
    const path = join(dir, "rotated.log");
    const log = await openAccessLog({ path, limits: { chunkChars: 1, maxPendingChars: 1_000_000 } });
    for (let i = 0; i < 50; i++) log.record(record(`/${i}`));
    renameSync(path, `${path}.1`);
    await log.reopen();
    for (let i = 50; i < 100; i++) log.record(record(`/${i}`));
    await log.close();
    const [old, fresh] = [paths(`${path}.1`), paths(path)];
    assert.ok(old.length > 0 && fresh.length > 0);
    assert.deepEqual(
      [...old, ...fresh],
      Array.from({ length: 100 }, (_, i) => `/${i}`),
    );
  });

  it("keeps the old file when the new one cannot be opened", async () => {
    const path = join(dir, "folder", "kept.log");
    execFileSync("mkdir", [join(dir, "folder")]);
    const log = await openAccessLog({ path });
    renameSync(join(dir, "folder"), join(dir, "moved"));
    await assert.rejects(log.reopen(), { code: "ENOENT" });
    log.record(record("/still"));
    await log.close();
    assert.deepEqual(paths(join(dir, "moved", "kept.log")), ["/still"]);
  });

  it("drops and counts lines when nobody reads, without waiting, and each line that comes is whole", async () => {
    const path = join(dir, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const lane = new WorkerLane(new MetricsRegistry().openLane(0, 1));
    const log = await openAccessLog({
      path,
      lane,
      limits: { chunkChars: 65_536, maxPendingChars: 131_072 },
    });
    for (let i = 0; i < 20_000; i++) log.record(record(`/${i}`));
    assert.ok(log.droppedCount > 10_000, `dropped ${log.droppedCount}`);
    assert.equal(log.lineCount + log.droppedCount, 20_000);
    const closed = log.close(10_000);
    const lines = await readLines(reader, log.lineCount);
    await closed;
    closeSync(reader);
    assert.equal(lines.length, log.lineCount);
    for (const line of lines) JSON.parse(line);
    assert.equal(lane.group("worker").segments[0][WORKER.logDropped], log.droppedCount);
  });

  for (const kind of ["file", "pipe"]) {
    it(`lets several workers write to one ${kind}, and breaks no line`, async () => {
      const path = join(dir, `shared-${kind}`);
      if (kind === "pipe") execFileSync("mkfifo", [path]);
      const reader = openSync(path, constants.O_CREAT | constants.O_RDONLY | constants.O_NONBLOCK);
      const limits = { chunkChars: 8_192, maxPendingChars: 10_000_000 };
      const logs = await Promise.all([0, 1, 2, 3].map(() => openAccessLog({ path, limits })));
      for (let i = 0; i < 500; i++) {
        for (const [n, log] of logs.entries()) log.record(record(`/${n}/${i}/${"x".repeat(i)}`));
      }
      const closed = Promise.all(logs.map((log) => log.close(10_000)));
      const lines = await readLines(reader, 2_000);
      await closed;
      closeSync(reader);
      const seen = new Set(lines.map((line) => (JSON.parse(line) as { path: string }).path));
      assert.equal(seen.size, 2_000);
    });
  }

  it("tells of a failed write, counts its lines, and goes on", { skip: !hasFullDevice() }, async () => {
    const errors: string[] = [];
    const log = await openAccessLog({
      path: "/dev/full",
      onError: (error) => errors.push((error as NodeJS.ErrnoException).code ?? ""),
    });
    log.record(record("/1"));
    log.record(record("/2"));
    await log.close();
    assert.deepEqual(errors, ["ENOSPC"]);
    assert.equal(log.droppedCount, 2);
  });

  it("rejects when the file cannot be opened", async () => {
    await assert.rejects(openAccessLog({ path: join(dir, "absent", "x.log") }), { code: "ENOENT" });
  });
});

function hasFullDevice(): boolean {
  return process.platform === "linux";
}

/** Reads a non-blocking pipe until it has given `count` lines. */
async function readLines(fd: number, count: number): Promise<string[]> {
  const chunk = Buffer.alloc(65_536);
  let text = "";
  let lines = 0;
  while (lines < count) {
    let length = 0;
    try {
      length = readSync(fd, chunk);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
    }
    const part = chunk.toString("utf8", 0, length);
    text += part;
    lines += part.split("\n").length - 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return text.split("\n").slice(0, -1);
}
