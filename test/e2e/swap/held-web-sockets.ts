// Holds WebSockets through changes of the configuration: `node held-web-sockets.ts COUNT CHANGES`. Prints one line of JSON, a
// HeldReport. A process of its own, so that it and all that it starts may have as many files open as they need.
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import {
  becomesTrue,
  connectHttp2,
  connectRaw,
  startHeddle,
  type Http2Client,
  type RawConnection,
  type RunningHeddle,
} from "@heddle/testkit";
import { heldConfiguration, KINDS, type Surroundings } from "./held-configuration.ts";
import { HeldWebSocket } from "./web-socket.ts";

/** What became of the WebSockets. */
export interface HeldReport {
  readonly held: number;
  readonly changes: number;
  /** WebSockets that ended or answered wrongly, each with the reason; at most ten. */
  readonly lost: readonly string[];
  readonly lostCount: number;
  /** How many were opened by changed configurations, and held as well. */
  readonly openedLater: number;
  /** Resident memory of Heddle before the first change and behind the last. */
  readonly residentBytes: readonly [before: number, after: number];
  /** The process, in seconds: opening, changes, echoes. */
  readonly seconds: readonly [opening: number, changes: number, echoes: number];
}

const SOURCES = Array.from({ length: 8 }, (_, at) => `127.0.0.${at + 2}`);
/** Each fifth WebSocket is a stream of HTTP/2, of which a connection has a hundred. */
const STREAM_EVERY = 5;
const STREAMS = 100;
/** Handshakes and echoes at a time. */
const WIDTH = 250;
const CHANGE_TIMEOUT_MS = 30_000;
/** Connections that ask which generation is in force: that all of them are one worker's happens once in 2^23. */
const ASKERS = 24;

type Site = RunningHeddle<"http" | "extra">;

async function startBackend(): Promise<{
  process: ChildProcessByStdio<Writable, Readable, null>;
  port: number;
}> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "echo-backend.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { process: child, port: Number(line.toString()) };
}

/** Runs `one` for each number below `count`, so many at a time. */
async function inRows(count: number, one: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: Math.min(WIDTH, count) }, lane));
}

class Holder {
  readonly sockets: HeldWebSocket[] = [];
  readonly clients: Http2Client[] = [];
  private readonly heddle: Site;
  private readonly at: Surroundings;
  private askers: RawConnection[] = [];

  constructor(heddle: Site, at: Surroundings) {
    this.heddle = heddle;
    this.at = at;
  }

  /** Late: a connection without a request is closed after a while. */
  async openAskers(): Promise<void> {
    const { http } = this.heddle.ports;
    this.askers = await Promise.all(Array.from({ length: ASKERS }, () => connectRaw(http)));
  }

  async open(count: number, rule: string): Promise<void> {
    const { http } = this.heddle.ports;
    const path = `/${rule}`;
    const connections = Math.ceil(count / STREAM_EVERY / STREAMS);
    const own = await Promise.all(Array.from({ length: connections }, () => connectHttp2(http)));
    this.clients.push(...own);
    await inRows(count, async (at) => {
      const opening =
        at % STREAM_EVERY === 0
          ? HeldWebSocket.openStream(own[(at / STREAM_EVERY) % own.length]!, path)
          : HeldWebSocket.open(http, SOURCES[at % SOURCES.length]!, path);
      this.sockets.push(await opening);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const asker of this.askers) asker.socket.destroy();
    await Promise.all(this.clients.map((client) => client.close()));
  }

  /** Writes a generation, and waits until every asker is answered by it. */
  async change(generation: number): Promise<void> {
    const next = path.join(this.heddle.configFolder, ".next");
    writeFileSync(next, heldConfiguration(generation, this.at));
    renameSync(next, path.join(this.heddle.configFolder, "site.yaml"));
    const kind = KINDS[(generation - 1) % KINDS.length];
    const isLive = await becomesTrue(() => this.isLive(generation), CHANGE_TIMEOUT_MS);
    if (!isLive)
      throw new Error(`generation ${generation} (${kind}) is not in force: ${this.heddle.stderr()}`);
  }

  private async isLive(generation: number): Promise<boolean> {
    const seen = await Promise.all(this.askers.map(ask));
    return seen.every((own) => own === generation);
  }

  async echoAll(): Promise<string[]> {
    const lost: string[] = [];
    await inRows(this.sockets.length, async (at) => {
      const socket = this.sockets[at]!;
      const text = `message ${at}`;
      const problem = await socket.echo(text).then(
        (answer) => (answer === text && socket.end === "" ? "" : `answered ${answer}, ${socket.end}`),
        (error: Error) => error.message,
      );
      if (problem !== "") lost.push(`${at}: ${problem}`);
    });
    return lost;
  }
}

async function ask(asker: RawConnection): Promise<number> {
  asker.send("GET /generation HTTP/1.1\r\nHost: a\r\n\r\n");
  const answer = await asker.receiveUntil("\r\n\r\nok");
  return Number(/^x-generation: (\d+)/im.exec(answer)?.[1] ?? -1);
}

function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

/** On the way, each time that the backend is on a rule again, one more is opened there: it works, and is held too. */
async function changeAll(holder: Holder, changes: number): Promise<number> {
  const before = holder.sockets.length;
  for (let generation = 1; generation <= changes; generation++) {
    await holder.change(generation);
    if (generation % 20 === 7) await holder.open(1, "second");
    if (generation % 20 === 17) await holder.open(1, "first");
  }
  return holder.sockets.length - before;
}

async function report(holder: Holder, heddle: Site, count: number, changes: number): Promise<HeldReport> {
  const startMs = performance.now();
  await holder.open(count, "first");
  const openMs = performance.now();
  await holder.openAskers();
  const before = residentBytes(heddle.pid);
  const openedLater = await changeAll(holder, changes);
  const changedMs = performance.now();
  const after = residentBytes(heddle.pid);
  const lost = await holder.echoAll();
  return {
    held: holder.sockets.length,
    changes,
    lost: lost.slice(0, 10),
    lostCount: lost.length,
    openedLater,
    residentBytes: [before, after],
    seconds: [seconds(openMs - startMs), seconds(changedMs - openMs), seconds(performance.now() - changedMs)],
  };
}

async function hold(count: number, changes: number): Promise<HeldReport> {
  const backend = await startBackend();
  try {
    let at: Surroundings | undefined;
    await using heddle: Site = await startHeddle({
      ports: ["http", "extra"],
      files: ({ http, extra }) => {
        at = { port: http, extraPort: extra, backendPort: backend.port };
        return { "site.yaml": heldConfiguration(0, at) };
      },
      args: ["--workers", "2"],
    });
    const holder = new Holder(heddle, at!);
    // Awaited here, so that they are gone before Heddle is asked to end.
    return await report(holder, heddle, count, changes).finally(() => holder.close());
  } finally {
    backend.process.kill();
  }
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

const [count = "1000", changes = "100"] = process.argv.slice(2);
try {
  console.log(JSON.stringify(await hold(Number(count), Number(changes))));
} catch (error) {
  // What went wrong first, and not that Heddle was slow to end behind it.
  console.error(error instanceof SuppressedError ? error.suppressed : error);
  process.exit(1);
}
