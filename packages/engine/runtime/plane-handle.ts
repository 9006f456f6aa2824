import type { DeltaMessage, ListenerReport, ListenerSockets, Log, Notice } from "./messages.ts";

/** A data plane as the engine holds it: in a thread of its own, or in this one. */
export interface PlaneHandle {
  readonly worker: number;
  send(message: Notice): void;
  /** Resolves when the delta is worked off there, or the worker is gone: only then may the next follow. */
  deliver(message: DeltaMessage): Promise<void>;
  /** Resolves when that version is in force there; with nothing when the worker is gone. */
  applied(version: number): Promise<readonly ListenerReport[]>;
  /** The listening sockets that it has; none when it is gone. */
  sockets(): Promise<readonly ListenerSockets[]>;
  drain(timeoutMs: number, handsOver: boolean): Promise<void>;
  stop(timeoutMs: number): Promise<void>;
}

/** What a data plane tells the engine. */
export interface PlaneHost {
  log: Log;
  /** No exchange of that worker holds a version before `version`. */
  onConfirmed(worker: number, version: number): void;
  /** See FilterContext.notify. */
  onNote(topic: string, subject: string): void;
  onCrashed(worker: number, error: Error | null): void;
}
