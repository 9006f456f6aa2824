import { parentPort, workerData } from "node:worker_threads";
import type { FilterRegistry } from "../filter/index.ts";
import type { DataUnit } from "../model/index.ts";
import { systemClock } from "../base/index.ts";
import { WorkerLane } from "../observe/index.ts";
import { monotonicOffsetMs, SharedTable, threadBoard } from "../shared/index.ts";
import { DataPlane } from "./data-plane.ts";
import { giveBackMemory } from "./give-back-memory.ts";
import { MarkingWatch } from "./marking-watch.ts";
import type { AccessLogOptions, FromWorker, ToWorker, WorkerStart } from "./messages.ts";
import { PacedCollector } from "./paced-collector.ts";
import type { AccessLog } from "./plane-observer.ts";

/** What a worker's entry module brings: code cannot be posted to a thread. */
export interface WorkerParts {
  readonly filters: FilterRegistry;
  /** See DataPlaneOptions. */
  prepare?(data: readonly DataUnit[], filters: readonly string[]): Promise<void>;
  openAccessLog(options: AccessLogOptions, lane: WorkerLane): Promise<AccessLog>;
}

/** Runs a data plane in this worker thread until it is told to stop. Called once, by the entry module. */
export async function runWorker(parts: WorkerParts): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("runWorker is for worker threads");
  const start = workerData as WorkerStart;
  const send = (message: FromWorker): void => port.postMessage(message);
  if (start.board !== null)
    threadBoard.attach(start.board, (call, name) => send({ kind: "call", call, name }));
  const lane = new WorkerLane(start.lane);
  const accessLog = start.accessLog === null ? null : await parts.openAccessLog(start.accessLog, lane);
  const plane = new DataPlane({
    lane,
    filters: parts.filters,
    ...(parts.prepare !== undefined && { prepare: parts.prepare }),
    shared: new SharedTable(start.shared, start.slot, systemClock, monotonicOffsetMs()),
    accessLog,
    collector: new PacedCollector(new MarkingWatch()),
    reusePort: start.reusePort,
    adopted: start.adopted,
    slot: start.slot,
    slots: start.slots,
    isChecker: start.isChecker,
    healthChannel: start.healthChannel,
    ticketKeys: Buffer.from(start.ticketKeys),
    log: (level, message, fields = {}) => send({ kind: "log", level, message, fields }),
    notify: (topic, subject) => send({ kind: "note", topic, subject }),
    onConfirmed: (version) => send({ kind: "confirmed", version }),
  });
  port.on("message", (message: ToWorker) => {
    void handle(message, plane, send).catch((error: unknown) => {
      // A broken invariant: the thread ends, main replaces it.
      setImmediate(() => {
        throw error;
      });
    });
  });
  giveBackMemory();
  send({ kind: "ready" });
}

async function handle(
  message: ToWorker,
  plane: DataPlane,
  send: (message: FromWorker) => void,
): Promise<void> {
  switch (message.kind) {
    case "delta": {
      plane.addSegments(message.segments);
      plane.take(message.delta);
      // In another turn: what came while this one lasts, the next part, would be worked off in it too.
      setImmediate(send, { kind: "taken" });
      if (!message.delta.isLast) return;
      const { version } = message.delta;
      send({ kind: "applied", version, listeners: await plane.swap(version) });
      return;
    }
    case "tickets":
      plane.setTicketKeys(Buffer.from(message.keys));
      return;
    case "check-health":
      plane.takeOverChecks();
      return;
    case "reopen-logs":
      await plane.reopenLog();
      return;
    case "drain":
      await plane.drain(message.timeoutMs, message.handsOver);
      send({ kind: "drained" });
      return;
    case "tell-sockets":
      send({ kind: "sockets", sockets: plane.sockets() });
      return;
    case "stop":
      await plane.drain(0);
      await plane.close();
      send({ kind: "stopped" });
      // Ends this thread alone. What is still open, a mirror that does not answer say, would keep it.
      process.exit();
      return;
  }
}
