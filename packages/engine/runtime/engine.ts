import { randomBytes } from "node:crypto";
import { ChunkedList, onceForChunk } from "../base/index.ts";
import { unitKey } from "../model/index.ts";
import type { ListenerUnit, RouteRule, Unit, UnitKey } from "../model/index.ts";
import type { MetricsRegistry } from "../observe/index.ts";
import { probeAddress } from "../net/index.ts";
import { DEFAULT_ENTRIES, makeSharedTableMemory, makeThreadBoard, SharedTable } from "../shared/index.ts";
import type { SharedTableMemory } from "../shared/index.ts";
import { cutDelta, diffUnits } from "../source/index.ts";
import type { HashedUnit, UnitChange, UnitList } from "../source/index.ts";
import { CounterKeys } from "./counter-keys.ts";
import type { LocalParts } from "./local-plane.ts";
import type { AccessLogOptions, ListenerReport, ListenerSockets, Log, WorkerStart } from "./messages.ts";
import { ThreadPlane } from "./thread-plane.ts";
import type { PlaneHandle, PlaneHost } from "./plane-handle.ts";

export interface EngineOptions extends LocalParts {
  /** Data-plane threads; 0 runs the data plane in the caller's thread, from the `LocalParts`. */
  readonly workers: number;
  /** Module that each worker thread runs; it calls `runWorker`. Not used when workers is 0. */
  readonly workerEntry: URL;
  readonly registry: MetricsRegistry;
  readonly accessLog: AccessLogOptions | null;
  readonly log: Log;
  /** Keys that filters can keep state of, in all workers together; a power of two. Default: about a million. */
  readonly sharedEntries?: number;
  /** For how long the event loop of a worker with filters of the user's may stand still before it is replaced. Default: 10 s. */
  readonly stuckMs?: number;
  /** What filters tell the main thread (FilterContext.notify), of any worker. Default: it is dropped. */
  onNote?(topic: string, subject: string): void;
  /** Listening sockets of another process that this one goes on with. Default: none, all are bound. */
  readonly adopted?: readonly ListenerSockets[];
}

/** How an application of units went. */
export interface ApplyReport {
  readonly version: number;
  readonly changedUnits: number;
  /** One per bound listener; where workers differ, the one with the error. */
  readonly listeners: readonly ListenerReport[];
  readonly durationMs: number;
}

/** Session ticket keys change this often (design: hourly). */
const TICKET_MS = 3_600_000;
/** How often a rehearsal is played: V8 compiles for speed what was run some times. */
const REHEARSALS = 8;
/** A worker that crashes right after its start is started again after a pause, doubled up to this. */
const MAX_RESTART_PAUSE_MS = 10_000;
/** A worker that does not answer for so long is not going to. */
const STOP_MS = 5_000;

/**
 * The data plane as its owner sees it: give it units, it keeps workers running on them. All workers swap on their
 * own, within milliseconds of each other; a crashed one is replaced and brought to the current version.
 */
export class Engine implements PlaneHost {
  private readonly options: EngineOptions;
  private readonly planes = new Map<number, PlaneHandle>();
  /** Which of the workers' places each has. */
  private readonly slotOf = new Map<number, number>();
  /** What the data planes have. */
  private current: UnitList = ChunkedList.of<HashedUnit>([]);
  /** Listeners that could not be bound: tried again with the next application. */
  private unbound = new Set<UnitKey>();
  private readonly counters: CounterKeys;
  private readonly shared: SharedTableMemory;
  /** Of those that are to come: the sockets of a worker that crashed are gone with it. */
  private adopted: readonly ListenerSockets[];
  private version = 0;
  private nextWorker = 1;
  /** The worker that asks endpoints whether they are healthy, for all; 0 while there is none. */
  private checker = 0;
  private readonly healthChannel = `heddle-health-${randomBytes(8).toString("hex")}`;
  private isClosing = false;
  private restartPauseMs = 0;
  private ticketKeys: Buffer = randomBytes(48);
  private readonly ticketTimer: NodeJS.Timeout;
  private applying: Promise<unknown> = Promise.resolve();

  private constructor(options: EngineOptions) {
    this.options = options;
    this.adopted = options.adopted ?? [];
    this.counters = new CounterKeys(options.registry);
    // A table's key is drawn anew for each process: what crowds one crowds no other.
    const seed = new Int32Array(new Uint8Array(randomBytes(8)).buffer);
    const { sharedEntries = DEFAULT_ENTRIES, workers } = options;
    this.shared = makeSharedTableMemory(sharedEntries, Math.max(1, workers), [seed[0], seed[1]]);
    this.ticketTimer = setInterval(() => this.rotateTickets(), TICKET_MS);
    this.ticketTimer.unref();
  }

  /** Starts the workers. Rejects when one cannot start. */
  static async open(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    const count = Math.max(1, options.workers);
    await Promise.all(Array.from({ length: count }, () => engine.startPlane()));
    return engine;
  }

  private async startPlane(): Promise<PlaneHandle> {
    const worker = this.nextWorker++;
    const { options } = this;
    const slots = Math.max(1, options.workers);
    const slot = this.freeSlot(slots);
    this.slotOf.set(worker, slot);
    if (this.checker === 0) this.checker = worker;
    const start = {
      worker,
      slot,
      slots,
      isChecker: this.checker === worker,
      healthChannel: this.sharesPorts ? this.healthChannel : "",
      lane: options.registry.openLane(worker, this.version),
      shared: this.shared,
      reusePort: canReusePort || this.sharesPorts,
      adopted: dealtTo(slot, slots, this.adopted),
      accessLog: options.accessLog,
      ticketKeys: this.ticketKeys,
      board: options.workers === 0 ? null : makeThreadBoard(),
    };
    const opening =
      options.workers === 0
        ? openLocal(start, options, this)
        : ThreadPlane.open(start, options.workerEntry, this, options.stuckMs);
    const plane = await opening.catch((error: unknown) => {
      // The next one takes its place, and its UDP ports.
      this.slotOf.delete(worker);
      this.passChecksOn(worker);
      throw error;
    });
    this.planes.set(worker, plane);
    return plane;
  }

  private freeSlot(slots: number): number {
    const taken = new Set(this.slotOf.values());
    for (let slot = 0; slot < slots; slot++) if (!taken.has(slot)) return slot;
    return 0;
  }

  /** Somebody else asks endpoints where `worker` did, who is gone. */
  private passChecksOn(worker: number): void {
    if (this.checker !== worker) return;
    const [next] = this.planes.values();
    this.checker = next?.worker ?? 0;
    next?.send({ kind: "check-health" });
  }

  private get sharesPorts(): boolean {
    return this.options.workers > 1;
  }

  /**
   * Puts a whole desired set of units in force. Resolves when every worker has swapped; calls queue. Never rejects
   * for a listener that cannot be bound: that is in the report.
   */
  apply(units: readonly HashedUnit[] | UnitList): Promise<ApplyReport> {
    const list = units instanceof ChunkedList ? units : ChunkedList.of(units);
    return this.inTurn(() => this.applyNow(list));
  }

  /** When what came before is done, however that went. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.applying.then(work);
    this.applying = run.catch(() => {});
    return run;
  }

  /**
   * Has the workers take a route for a changed one, some times over: what the first change after a start runs through is
   * compiled by then. Nothing is done where each route has filters, which would be made anew.
   */
  async rehearse(): Promise<void> {
    const isPlain = ({ unit }: HashedUnit): boolean =>
      unit.kind === "route" && unit.rules.every((rule) => !hasFilters(rule));
    const route = this.current.chunks.find((chunk) => chunk.some(isPlain))?.find(isPlain)?.unit;
    if (route === undefined) return;
    for (let round = 0; round < REHEARSALS; round++)
      await this.inTurn(() => this.applyNow(this.current, [unitKey(route)]));
  }

  /** Units of `again` are put although they did not change, and those of listeners that could not be bound. */
  private async applyNow(units: UnitList, again: readonly UnitKey[] = []): Promise<ApplyReport> {
    const startMs = performance.now();
    const repeated = new Set([...this.unbound, ...again]);
    const change = diffUnits(this.current, units, repeated);
    const version = ++this.version;
    const blocked = await this.probePorts(change);
    const allowed = blocked.size === 0 ? units : withoutBlocked(units, blocked);
    const allowedChange = blocked.size === 0 ? change : diffUnits(this.current, allowed, repeated);
    const indexes = this.counters.change(allowedChange, version);
    this.current = allowed;
    this.adopted = [];
    const reports = await Promise.all(
      [...this.planes.values()].map((plane) => this.send(plane, version, allowedChange, indexes)),
    );
    const listeners = [...mergeReports(reports), ...blockedReports(units, blocked)];
    this.unbound = new Set(
      listeners.flatMap(({ name, error }) => (error === null ? [] : unitKey({ kind: "listener", name }))),
    );
    return {
      version,
      changedUnits: change.puts.length + change.removes.length,
      listeners,
      durationMs: performance.now() - startMs,
    };
  }

  private async send(
    plane: PlaneHandle,
    version: number,
    change: UnitChange,
    indexes: readonly (readonly [string, number])[],
  ): Promise<readonly ListenerReport[]> {
    for (const delta of cutDelta(version, change, indexes)) {
      const segments = this.options.registry.takeSegments(plane.worker);
      await plane.deliver({ kind: "delta", segments, delta });
    }
    return plane.applied(version);
  }

  /**
   * Workers share ports by SO_REUSEPORT, which would also share them, silently, with another Heddle of the same
   * user: so each new address is first tried alone.
   */
  private async probePorts(change: UnitChange): Promise<Blocked> {
    const blocked = new Map<UnitKey, string>();
    const adopted = new Set(this.adopted.map(({ name }) => name));
    for (const { unit } of change.puts) {
      // A UDP port is bound by one worker alone, who reports what it meets.
      if (unit.kind !== "listener" || unit.protocol === "UDP" || unit.port === 0 || this.isBound(unit))
        continue;
      if (adopted.has(unit.name)) continue;
      const error = await probeAddress(unit.address, unit.port);
      if (error !== null) blocked.set(unitKey(unit), error);
    }
    return blocked;
  }

  private isBound({ kind, name }: ListenerUnit): boolean {
    const isThere = this.current.chunks.some((chunk) => listenersOf(chunk).some((one) => one.name === name));
    return isThere && !this.unbound.has(unitKey({ kind, name }));
  }

  private rotateTickets(): void {
    this.ticketKeys = randomBytes(48);
    for (const plane of this.planes.values()) plane.send({ kind: "tickets", keys: this.ticketKeys });
  }

  reopenLogs(): void {
    for (const plane of this.planes.values()) plane.send({ kind: "reopen-logs" });
  }

  // PlaneHost

  log: Log = (level, message, fields) => this.options.log(level, message, fields);

  onConfirmed(worker: number, version: number): void {
    this.options.registry.confirm(worker, version);
  }

  onNote(topic: string, subject: string): void {
    this.options.onNote?.(topic, subject);
  }

  onCrashed(worker: number, error: Error | null): void {
    this.planes.delete(worker);
    SharedTable.abandon(this.shared, this.slotOf.get(worker) ?? 0);
    this.slotOf.delete(worker);
    this.options.registry.foldLane(worker);
    if (this.isClosing) return;
    this.passChecksOn(worker);
    this.options.registry.countRestart();
    this.log("error", `worker ${worker} ended and is replaced`, { cause: error?.message ?? "unknown" });
    const pauseMs = this.restartPauseMs;
    this.restartPauseMs = Math.min(MAX_RESTART_PAUSE_MS, Math.max(100, pauseMs * 2));
    setTimeout(() => this.replace(), pauseMs).unref();
  }

  /** In the queue of applications: a worker gets the whole of one version, and nothing of the next meanwhile. */
  private replace(): void {
    this.applying = this.applying.then(() => this.replaceNow());
  }

  private async replaceNow(): Promise<void> {
    if (this.isClosing) return;
    try {
      const plane = await this.startPlane();
      const change = { puts: this.current.toArray(), removes: [] };
      await this.send(plane, this.version, change, this.options.registry.indexes());
      setTimeout(() => (this.restartPauseMs = 0), MAX_RESTART_PAUSE_MS).unref();
    } catch (error) {
      this.log("error", "a worker could not be started", { cause: (error as Error).message });
      setTimeout(() => this.replace(), MAX_RESTART_PAUSE_MS).unref();
    }
  }

  /**
   * Lends the listening sockets of all workers, one entry for each listener. No change comes between until `use`
   * is done: the descriptors are good for so long, and no longer.
   */
  lendSockets<T>(use: (sockets: readonly ListenerSockets[]) => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      const found = await Promise.all([...this.planes.values()].map((plane) => plane.sockets()));
      return use(mergeSockets(found.flat()));
    });
  }

  /**
   * Lame duck: no new connections, exchanges in flight finish; what is left after `timeoutMs` is cut. `handsOver`: another
   * process goes on with the listening sockets.
   */
  async drain(timeoutMs: number, handsOver = false): Promise<void> {
    this.isClosing = true;
    await Promise.all([...this.planes.values()].map((plane) => plane.drain(timeoutMs, handsOver)));
  }

  /** Ends the workers. Drain first where exchanges matter. */
  async close(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.ticketTimer);
    await this.applying;
    await Promise.all([...this.planes.values()].map((plane) => plane.stop(STOP_MS)));
  }
}

/** Why a listener's port is not to be had. */
type Blocked = ReadonlyMap<UnitKey, string>;

const hasFilters = ({ filters, backends }: RouteRule): boolean =>
  filters.length > 0 || backends.some((backend) => backend.filters.length > 0);

/** Few chunks have any: who asks for listeners looks at no other unit twice. */
const listenersOf = onceForChunk((chunk: readonly HashedUnit[]): readonly ListenerUnit[] =>
  chunk.flatMap(({ unit }) => (unit.kind === "listener" ? [unit] : [])),
);

function withoutBlocked(units: UnitList, blocked: Blocked): UnitList {
  const isFree = (unit: Unit): boolean => !blocked.has(unitKey(unit));
  return units.mapChunks((chunk) =>
    listenersOf(chunk).every(isFree) ? chunk : chunk.filter(({ unit }) => isFree(unit)),
  );
}

function blockedReports(units: UnitList, blocked: Blocked): ListenerReport[] {
  if (blocked.size === 0) return [];
  return units.chunks.flatMap(listenersOf).flatMap((unit) => {
    const error = blocked.get(unitKey(unit));
    return error === undefined ? [] : [{ name: unit.name, address: unit.address, port: unit.port, error }];
  });
}

/** Loaded where it is wanted: with worker threads this one needs nothing of the request path. */
async function openLocal(start: WorkerStart, parts: LocalParts, host: PlaneHost): Promise<PlaneHandle> {
  const { LocalPlane } = await import("./local-plane.ts");
  return LocalPlane.open(start, parts, host);
}

/** SO_REUSEPORT deals connections out on Linux alone. There all bind by it: a process that takes over may have more workers. */
const canReusePort = process.platform === "linux";

/**
 * A worker's share of adopted sockets: each is accepted from by one, and one worker may have several, or none, and binds
 * then beside the others. A UDP port's is for the worker that owns the port, whichever that is.
 */
function dealtTo(slot: number, slots: number, adopted: readonly ListenerSockets[]): ListenerSockets[] {
  return adopted.flatMap(({ name, kind, descriptors }) => {
    const own = kind === "udp" ? descriptors : descriptors.filter((_, at) => at % slots === slot);
    return own.length === 0 ? [] : [{ name, kind, descriptors: own }];
  });
}

function mergeSockets(sockets: readonly ListenerSockets[]): ListenerSockets[] {
  const merged = new Map<string, ListenerSockets>();
  for (const one of sockets) {
    const known = merged.get(one.name)?.descriptors ?? [];
    merged.set(one.name, { ...one, descriptors: [...known, ...one.descriptors] });
  }
  return [...merged.values()];
}

/** One row per listener; an error of any worker counts. */
function mergeReports(reports: readonly (readonly ListenerReport[])[]): ListenerReport[] {
  const merged = new Map<string, ListenerReport>();
  for (const report of reports.flat()) {
    const known = merged.get(report.name);
    if (known === undefined || (known.error === null && report.error !== null))
      merged.set(report.name, report);
  }
  return [...merged.values()];
}
