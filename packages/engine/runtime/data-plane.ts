import { randomBytes } from "node:crypto";
import { systemClock, systemRandom, TimerWheel } from "../base/index.ts";
import type { Clock, Random } from "../base/index.ts";
import type { FilterRegistry } from "../filter/index.ts";
import { unitKey } from "../model/index.ts";
import type { DataUnit, SnapshotDelta } from "../model/index.ts";
import { turnWaitMs } from "../net/index.ts";
import { TraceIds, traceExchange } from "../observe/index.ts";
import type { LaneSegment, WorkerLane } from "../observe/index.ts";
import { Proxy } from "../proxy/index.ts";
import type { FlowContext } from "../proxy/index.ts";
import type { SharedTable } from "../shared/index.ts";
import { BoundListeners } from "./bound-listeners.ts";
import { DataBoard } from "./data-board.ts";
import { FilterNames } from "./filter-names.ts";
import { HeldUnits } from "./held-units.ts";
import { ListenerCertificates } from "./listener-certificates.ts";
import { LoadShedder } from "./load-shedder.ts";
import { LoopMonitor } from "./loop-monitor.ts";
import type { ListenerReport, ListenerSockets, Log } from "./messages.ts";
import type { PacedCollector } from "./paced-collector.ts";
import { PlaneClusters } from "./plane-clusters.ts";
import { PlaneObserver } from "./plane-observer.ts";
import type { AccessLog } from "./plane-observer.ts";
import type { RuleContext } from "./rule-builder.ts";
import { nextTurn, runInSlices } from "./slices.ts";
import { SnapshotBuilder } from "./snapshot-builder.ts";
import type { NextListener } from "./snapshot-builder.ts";

export interface DataPlaneOptions {
  readonly lane: WorkerLane;
  readonly filters: FilterRegistry;
  /** What this worker has in common with the others. */
  readonly shared: SharedTable;
  readonly accessLog: AccessLog | null;
  readonly log: Log;
  readonly reusePort: boolean;
  /** Listening sockets of another process that this one goes on with. Default: none, all are bound. */
  readonly adopted?: readonly ListenerSockets[];
  readonly ticketKeys: Buffer;
  /** Which of how many workers this is: a replaced one's successor is the same. Default: the only one. */
  readonly slot?: number;
  readonly slots?: number;
  /** See WorkerStart. Default: true, and "". */
  readonly isChecker?: boolean;
  readonly healthChannel?: string;
  /** For a thread of its own. Default: the runtime collects when it wants. */
  readonly collector?: PacedCollector;
  readonly clock?: Clock;
  readonly random?: Random;
  /**
   * Makes ready what rules are built with: the data units that came with a change, and filters by names that no change
   * before it had, which are in `filters` afterwards. The swap waits for it. Never rejects. Default: all is ready.
   */
  prepare?(data: readonly DataUnit[], filters: readonly string[]): Promise<void>;
  /** Takes what filters tell the main thread. Default: nobody. */
  notify?(topic: string, subject: string): void;
  /** Called when no exchange holds a version before `version` any more. */
  onConfirmed?(version: number): void;
}

/**
 * One worker's data plane: holds the units, builds the next Snapshot from them in slices while traffic flows, and
 * swaps. What did not change is kept as it is: clusters with their connections, rules, routers, bound sockets.
 *
 *   delta … delta(isLast) ─► clusters ─► rules and routers ─► swap (one turn) ─► bind new, drain old ─► report
 */
export class DataPlane {
  private readonly options: DataPlaneOptions;
  private readonly clock: Clock;
  private readonly wheel: TimerWheel;
  private readonly observer: PlaneObserver;
  private readonly shedder: LoadShedder;
  private readonly monitor: LoopMonitor;
  private readonly units = new HeldUnits();
  private readonly data = new DataBoard();
  /** What `prepare` has not seen. */
  private newData: DataUnit[] = [];
  private readonly filterNames = new FilterNames();
  private readonly clusters: PlaneClusters;
  private readonly certificates: ListenerCertificates;
  private readonly builder: SnapshotBuilder;
  private readonly listeners: BoundListeners;

  constructor(options: DataPlaneOptions) {
    const { lane, clock = systemClock, random = systemRandom } = options;
    const { isChecker = true, healthChannel = "", slot = 0, slots = 1 } = options;
    const { reusePort, adopted = [] } = options;
    this.options = options;
    this.clock = clock;
    this.wheel = new TimerWheel(clock);
    this.observer = new PlaneObserver(clock, lane, options.accessLog, options.log);
    this.observer.onOldVersionDone = () => options.onConfirmed?.(this.observer.oldestVersion);
    this.shedder = new LoadShedder(Infinity, lane, turnWaitMs, systemClock.now());
    this.monitor = new LoopMonitor(this.shedder, (ms) => lane.setLoopDelayMax(ms));
    const { units, wheel, observer, shedder } = this;
    const flow: FlowContext = { clock, random, wheel, observer, shedder };
    const ids = new TraceIds(new Uint32Array(new Uint8Array(randomBytes(16)).buffer));
    const proxy = new Proxy(flow, { trace: (exchange) => traceExchange(exchange, ids) });
    const clusters = new PlaneClusters(
      { clock, random, wheel, lane, isChecker, healthChannel, log: options.log },
      units,
    );
    const certificates = new ListenerCertificates(units, options.ticketKeys);
    const streams = {
      flow,
      cluster: (name: string) => clusters.find(name),
      indexOf: (key: string) => units.indexOf(key),
    };
    this.clusters = clusters;
    this.certificates = certificates;
    this.listeners = new BoundListeners({
      clock,
      random,
      wheel,
      lane,
      observer,
      proxy,
      units,
      certificates,
      streams,
      reusePort,
      adopted,
    });
    const rules: RuleContext = {
      clock,
      random,
      lane,
      filters: options.filters,
      shared: options.shared,
      ...streams,
      data: (name) => this.data.of(name),
      notify: options.notify ?? (() => {}),
      onFilterProblem: (route, filter, error) => {
        const where = route === "" ? "requests that no route takes" : `route ${route}`;
        const then = route === "" ? "they are refused without" : "its rule answers 500";
        options.log("error", `${where}: filter ${filter} cannot be built, ${then}`, {
          cause: error instanceof Error ? error.message : String(error),
        });
      },
    };
    this.builder = new SnapshotBuilder({
      units,
      clusters,
      certificates,
      rules,
      streams,
      slot,
      slots,
      bound: (name) => this.listeners.find(name),
    });
  }

  addSegments(segments: readonly LaneSegment[]): void {
    this.options.lane.addSegments(segments);
  }

  /** Takes a part of a change; nothing of it shows before `swap`. */
  take(delta: SnapshotDelta): void {
    this.units.take(delta);
    for (const { unit } of delta.puts) {
      if (unit.kind === "route") this.filterNames.note(unit);
      else if (unit.kind === "listener") this.filterNames.noteListener(unit);
    }
    this.options.collector?.take(delta.puts.length);
    this.takeData(delta);
  }

  /**
   * Data is for filters that are built already too, and none of it makes sense with half of a change only: each unit is
   * whole by itself, and shows at once.
   */
  private takeData({ puts, removes }: SnapshotDelta): void {
    for (const { unit, hash } of puts) {
      if (unit.kind !== "data") continue;
      this.data.put(unit, hash);
      if (this.options.prepare !== undefined) this.newData.push(unit);
    }
    for (const key of removes) if (key.startsWith(dataPrefix)) this.data.remove(key.slice(dataPrefix.length));
  }

  /** Builds what was taken and puts it in force. Never rejects: a listener that cannot be bound is reported. */
  async swap(version: number): Promise<ListenerReport[]> {
    const note = (ms: number): void => {
      this.monitor.note(ms);
      this.options.collector?.build(ms);
    };
    await this.prepare();
    const next = await runInSlices(this.builder.build(), () => this.clock.now(), note);
    await nextTurn();
    const startMs = this.clock.now();
    this.observer.swapped(version);
    this.certificates.makeChallenges();
    for (const listener of next) this.listeners.update(listener);
    this.shedder.targetMs = loopTargetOf(next);
    this.options.lane.setSnapshotVersion(version);
    this.monitor.note(this.clock.now() - startMs);
    await this.listeners.bindAll(next);
    this.clusters.drop();
    this.options.collector?.rest();
    this.options.onConfirmed?.(this.observer.oldestVersion);
    return this.listeners.reports();
  }

  private async prepare(): Promise<void> {
    const data = this.newData;
    const filters = this.filterNames.takeNew();
    if (data.length === 0 && filters.length === 0) return;
    this.newData = [];
    await this.options.prepare?.(data, filters);
  }

  /** This worker asks endpoints whether they are healthy from now on. */
  takeOverChecks(): void {
    this.clusters.takeOverChecks();
  }

  setTicketKeys(keys: Buffer): void {
    this.certificates.ticketKeys = keys;
    this.listeners.updateTicketKeys();
  }

  /** What this worker listens on. */
  sockets(): ListenerSockets[] {
    return this.listeners.sockets();
  }

  /** No new connections; exchanges in flight finish, what is left after `timeoutMs` is cut. See Listener.drain. */
  async drain(timeoutMs: number, handsOver = false): Promise<void> {
    await this.listeners.drain(timeoutMs, handsOver);
  }

  /** After `drain`: closes what is kept alive. */
  async close(): Promise<void> {
    this.clusters.close();
    this.monitor.close();
    this.shedder.close();
    this.wheel.close();
    await this.options.accessLog?.close();
  }

  /** For log rotation. A file that cannot be opened leaves the old one in use, and says so. */
  async reopenLog(): Promise<void> {
    try {
      await this.options.accessLog?.reopen();
    } catch (error) {
      this.options.log("error", "the access log could not be reopened and goes on in the old file", {
        cause: (error as Error).message,
      });
    }
  }
}

/** A worker has one event loop: what the most demanding of its listeners asks of it. */
function loopTargetOf(listeners: readonly NextListener[]): number {
  const targets = listeners.map(({ unit }) => unit.settings.overload.targetDelayMs).filter((ms) => ms > 0);
  return Math.min(...targets, Infinity);
}

const dataPrefix = unitKey({ kind: "data", name: "" });
