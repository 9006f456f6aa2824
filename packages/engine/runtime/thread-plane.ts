import { Worker } from "node:worker_threads";
import type {
  DeltaMessage,
  FromWorker,
  ListenerReport,
  ListenerSockets,
  Notice,
  WorkerStart,
} from "./messages.ts";
import type { PlaneHandle, PlaneHost } from "./plane-handle.ts";
import { STUCK_MS, StuckWatch } from "./stuck-watch.ts";
import { SEMI_SPACE_MB } from "./tune-runtime.ts";

/**
 * A request's objects die young: with more room for them the collector runs less often and finds less alive. A third
 * of this is one semi-space, and it is as large from the start (tune-runtime.ts): V8 would double it each time as much
 * has survived as fits, the last time minutes into a load, which looks like a leak. Twice the room saves no CPU time
 * that can be seen, half of it costs a twentieth with a thousand connections (bench/README.md has the figures). The
 * room is taken only under load.
 */
const YOUNG_GENERATION_MB = 3 * SEMI_SPACE_MB;

/** A data plane in a worker thread. */
export class ThreadPlane implements PlaneHandle {
  readonly worker: number;
  private readonly thread: Worker;
  private readonly host: PlaneHost;
  private readonly waiting = new Map<number, (reports: readonly ListenerReport[]) => void>();
  private readonly done = new Map<number, readonly ListenerReport[]>();
  private onTaken: (() => void) | null = null;
  private onReady: ((error: Error | null) => void) | null = null;
  private onDrained: (() => void) | null = null;
  private onSockets: ((sockets: readonly ListenerSockets[]) => void) | null = null;
  private onGone: (() => void) | null = null;
  private isGone = false;
  private isStopping = false;
  private lastError: Error | null = null;
  private readonly watch: StuckWatch;

  private constructor(start: WorkerStart, entry: URL, host: PlaneHost, stuckMs: number) {
    this.worker = start.worker;
    this.host = host;
    this.thread = new Worker(entry, {
      workerData: start,
      name: `heddle-${start.worker}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.watch = new StuckWatch(start.board!, stuckMs, (what) => this.end(what));
    this.thread.on("message", (message: FromWorker) => this.receive(message));
    this.thread.on("error", (error: unknown) => (this.lastError = error as Error));
    this.thread.on("exit", () => this.gone());
  }

  /** Rejects when the thread ends before it is ready. */
  static open(start: WorkerStart, entry: URL, host: PlaneHost, stuckMs = STUCK_MS): Promise<ThreadPlane> {
    const plane = new ThreadPlane(start, entry, host, stuckMs);
    return new Promise((resolve, reject) => {
      plane.onReady = (error) => (error === null ? resolve(plane) : reject(error));
    });
  }

  private receive(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        this.onReady?.(null);
        this.onReady = null;
        return;
      case "taken":
        this.onTaken?.();
        return;
      case "applied":
        this.settle(message.version, message.listeners);
        return;
      case "confirmed":
        this.host.onConfirmed(this.worker, message.version);
        return;
      case "drained":
        this.onDrained?.();
        return;
      case "sockets":
        this.onSockets?.(message.sockets);
        return;
      case "log":
        this.host.log(message.level, message.message, { worker: this.worker, ...message.fields });
        return;
      case "note":
        this.host.onNote(message.topic, message.subject);
        return;
      case "call":
        this.watch.take(message.call, message.name);
        return;
      case "stopped":
        return;
    }
  }

  private settle(version: number, listeners: readonly ListenerReport[]): void {
    const resolve = this.waiting.get(version);
    this.waiting.delete(version);
    if (resolve !== undefined) resolve(listeners);
    else this.done.set(version, listeners);
  }

  /** Nothing in the thread itself could. */
  private end(cause: string): void {
    this.lastError = new Error(cause);
    void this.thread.terminate();
  }

  private gone(): void {
    this.isGone = true;
    this.watch.stop();
    const error = this.lastError ?? new Error("worker thread ended");
    const { onReady } = this;
    this.onReady = null;
    for (const resolve of this.waiting.values()) resolve([]);
    this.waiting.clear();
    this.onTaken?.();
    this.onDrained?.();
    this.onSockets?.([]);
    this.onGone?.();
    if (onReady !== null) onReady(error);
    else if (!this.isStopping) this.host.onCrashed(this.worker, this.lastError);
  }

  send(message: Notice): void {
    if (!this.isGone) this.thread.postMessage(message);
  }

  /** What waits in a port is worked off in one turn there, a thousand messages of it: so no second one ever waits. */
  deliver(message: DeltaMessage): Promise<void> {
    if (this.isGone) return Promise.resolve();
    return new Promise((resolve) => {
      this.onTaken = resolve;
      this.thread.postMessage(message);
    });
  }

  applied(version: number): Promise<readonly ListenerReport[]> {
    const done = this.done.get(version);
    if (done !== undefined || this.isGone) {
      this.done.delete(version);
      return Promise.resolve(done ?? []);
    }
    return new Promise((resolve) => this.waiting.set(version, resolve));
  }

  sockets(): Promise<readonly ListenerSockets[]> {
    if (this.isGone) return Promise.resolve([]);
    return new Promise((resolve) => {
      this.onSockets = resolve;
      this.send({ kind: "tell-sockets" });
    });
  }

  drain(timeoutMs: number, handsOver: boolean): Promise<void> {
    if (this.isGone) return Promise.resolve();
    return new Promise((resolve) => {
      this.onDrained = resolve;
      this.send({ kind: "drain", timeoutMs, handsOver });
    });
  }

  async stop(timeoutMs: number): Promise<void> {
    if (this.isGone) return;
    this.isStopping = true;
    const gone = new Promise<void>((resolve) => (this.onGone = resolve));
    this.send({ kind: "stop" });
    const timer = setTimeout(() => void this.thread.terminate(), timeoutMs);
    await gone;
    clearTimeout(timer);
  }
}
