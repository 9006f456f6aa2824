import { systemClock } from "../base/index.ts";
import type { Clock } from "../base/index.ts";
import type { FilterRegistry } from "../filter/index.ts";
import type { DataUnit } from "../model/index.ts";
import { WorkerLane } from "../observe/index.ts";
import { SharedTable } from "../shared/index.ts";
import { DataPlane } from "./data-plane.ts";
import type {
  AccessLogOptions,
  DeltaMessage,
  ListenerReport,
  ListenerSockets,
  Notice,
  WorkerStart,
} from "./messages.ts";
import type { PlaneHandle, PlaneHost } from "./plane-handle.ts";
import type { AccessLog } from "./plane-observer.ts";

/** What a data plane in the caller's thread is made with; worker threads bring theirs (`WorkerParts`). */
export interface LocalParts {
  readonly filters: FilterRegistry;
  /** See DataPlaneOptions. */
  prepare?(data: readonly DataUnit[], filters: readonly string[]): Promise<void>;
  openAccessLog?(options: AccessLogOptions, lane: WorkerLane): Promise<AccessLog>;
  /** The system's by default. */
  readonly clock?: Clock;
}

/** The data plane in the caller's thread (`workers: 0`). */
export class LocalPlane implements PlaneHandle {
  readonly worker: number;
  private readonly plane: DataPlane;
  private swapped: Promise<readonly ListenerReport[]> = Promise.resolve([]);

  private constructor(worker: number, plane: DataPlane) {
    this.worker = worker;
    this.plane = plane;
  }

  static async open(start: WorkerStart, options: LocalParts, host: PlaneHost): Promise<LocalPlane> {
    const lane = new WorkerLane(start.lane);
    const accessLog =
      start.accessLog === null || options.openAccessLog === undefined
        ? null
        : await options.openAccessLog(start.accessLog, lane);
    const plane = new DataPlane({
      lane,
      filters: options.filters,
      ...(options.prepare !== undefined && { prepare: options.prepare }),
      shared: new SharedTable(start.shared, start.slot, options.clock ?? systemClock, 0),
      accessLog,
      reusePort: start.reusePort,
      adopted: start.adopted,
      ticketKeys: Buffer.from(start.ticketKeys),
      log: host.log,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      notify: (topic, subject) => host.onNote(topic, subject),
      onConfirmed: (version) => host.onConfirmed(start.worker, version),
    });
    return new LocalPlane(start.worker, plane);
  }

  deliver({ segments, delta }: DeltaMessage): Promise<void> {
    this.plane.addSegments(segments);
    this.plane.take(delta);
    if (delta.isLast) {
      this.swapped = this.plane.swap(delta.version);
      // Told to who asks for it, which is a turn later.
      this.swapped.catch(() => {});
    }
    return new Promise((resolve) => setImmediate(resolve));
  }

  send(message: Notice): void {
    switch (message.kind) {
      case "tickets":
        this.plane.setTicketKeys(Buffer.from(message.keys));
        return;
      case "reopen-logs":
        void this.plane.reopenLog();
        return;
      case "check-health":
      case "drain":
      case "tell-sockets":
      case "stop":
        return;
    }
  }

  applied(_version: number): Promise<readonly ListenerReport[]> {
    return this.swapped;
  }

  sockets(): Promise<readonly ListenerSockets[]> {
    return Promise.resolve(this.plane.sockets());
  }

  drain(timeoutMs: number, handsOver: boolean): Promise<void> {
    return this.plane.drain(timeoutMs, handsOver);
  }

  async stop(_timeoutMs: number): Promise<void> {
    await this.plane.drain(0);
    await this.plane.close();
  }
}
