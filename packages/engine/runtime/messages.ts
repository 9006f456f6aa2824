import type { LaneMemory, LaneSegment } from "../observe/index.ts";
import type { SnapshotDelta } from "../model/index.ts";
import type { SharedTableMemory } from "../shared/index.ts";

/** What the access log is written to. */
export interface AccessLogOptions {
  /** A file, or "-" for standard output. */
  readonly path: string;
  readonly format: "json" | "common";
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A line of the process log. Fields are plain data without secrets. */
export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;

/** How one bound listener fared at a swap. */
export interface ListenerReport {
  readonly name: string;
  readonly address: string;
  /** The port that is bound: the asked one, or the system's choice for 0. */
  readonly port: number;
  /** The system's error code ("EADDRINUSE"), null when it listens. */
  readonly error: string | null;
}

/** The listening sockets of one listener, by their descriptors in this process. */
export interface ListenerSockets {
  /** The listener unit's. */
  readonly name: string;
  readonly kind: "tcp" | "udp";
  readonly descriptors: readonly number[];
}

/** Given to a worker thread as its workerData. */
export interface WorkerStart {
  readonly worker: number;
  readonly lane: LaneMemory;
  /** One for all workers. */
  readonly shared: SharedTableMemory;
  readonly reusePort: boolean;
  /** What this worker listens on instead of binding. */
  readonly adopted: readonly ListenerSockets[];
  /** See DataPlaneOptions. */
  readonly slot: number;
  readonly slots: number;
  /** This worker asks endpoints whether they are healthy, for all of them. */
  readonly isChecker: boolean;
  /** Name of the channel that the workers share what they find out by; "" for a worker that is alone. */
  readonly healthChannel: string;
  readonly accessLog: AccessLogOptions | null;
  readonly ticketKeys: Uint8Array;
  /** What can be read of the thread when it does not turn any more; null for one that nobody could end. */
  readonly board: Int32Array<SharedArrayBuffer> | null;
}

/** A part of a change, with the memory of counters that are new in it. */
export interface DeltaMessage {
  readonly kind: "delta";
  readonly segments: readonly LaneSegment[];
  readonly delta: SnapshotDelta;
}

/** What needs no answer before the next. */
export type Notice =
  | { readonly kind: "tickets"; readonly keys: Uint8Array }
  /** The worker that checked the health of endpoints is gone: this one goes on. */
  | { readonly kind: "check-health" }
  | { readonly kind: "drain"; readonly timeoutMs: number; readonly handsOver: boolean }
  | { readonly kind: "tell-sockets" }
  | { readonly kind: "reopen-logs" }
  | { readonly kind: "stop" };

export type ToWorker = DeltaMessage | Notice;

export type FromWorker =
  | { readonly kind: "ready" }
  /** The delta before is worked off; the next may come. */
  | { readonly kind: "taken" }
  | { readonly kind: "applied"; readonly version: number; readonly listeners: readonly ListenerReport[] }
  | { readonly kind: "confirmed"; readonly version: number }
  | { readonly kind: "drained" }
  | { readonly kind: "sockets"; readonly sockets: readonly ListenerSockets[] }
  | { readonly kind: "stopped" }
  /** What a number on its board means; 0: it is to be watched. */
  | { readonly kind: "call"; readonly call: number; readonly name: string }
  /** See FilterContext.notify. */
  | { readonly kind: "note"; readonly topic: string; readonly subject: string }
  | {
      readonly kind: "log";
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: Record<string, unknown>;
    };
