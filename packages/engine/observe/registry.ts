import { EVENT_NAMES_BYTES, EventNames } from "./event-names.ts";
import { IndexAllocator } from "./index-allocator.ts";
import type { LaneMemory, LaneSegment } from "./lane.ts";
import { GROUP_NAMES, GROUPS, INDEXED_GROUPS, segmentBytes, SEGMENT_BITS, SLOT_MASK } from "./layout.ts";
import type { GroupName, IndexedGroup } from "./layout.ts";

/** Slots shown under their own name, per group; the others are summed as "other". */
export const DEFAULT_NAMED_SLOTS = 1_000;

/** One thing's totals over all workers, dead ones included. `cells` is valid during the call only. */
export type VisitRow = (key: string, cells: Float64Array) => void;

/** Reserved names, which no key can have: a route is "namespace/name", an address has a port. */
export const NONE = "none";
export const OTHER = "other";

type Segments = Record<GroupName, Float64Array[]>;

class Lane {
  readonly worker: number;
  readonly memory: Record<GroupName, SharedArrayBuffer[]>;
  readonly segments: Segments;
  readonly nameMemory: SharedArrayBuffer;
  readonly names: EventNames;
  /** Added and not yet taken by `takeSegments`. */
  news: LaneSegment[] = [];

  constructor(worker: number) {
    this.worker = worker;
    this.memory = byGroup(() => []);
    this.segments = byGroup(() => []);
    this.nameMemory = new SharedArrayBuffer(EVENT_NAMES_BYTES);
    this.names = new EventNames(this.nameMemory);
  }

  grow(group: GroupName, count: number): void {
    for (let position = this.memory[group].length; position < count; position++) {
      const memory = new SharedArrayBuffer(segmentBytes(group));
      this.memory[group].push(memory);
      this.segments[group].push(new Float64Array(memory));
      this.news.push({ group, position, memory });
    }
  }
}

const byGroup = <T>(make: (group: GroupName) => T): Record<GroupName, T> =>
  Object.fromEntries(GROUP_NAMES.map((group) => [group, make(group)])) as Record<GroupName, T>;

/**
 * Main's side of the counters: it makes the memory, gives out indexes, and sums the lanes when somebody reads.
 *
 * The order towards a worker: `allocate` what a Snapshot needs, post `takeSegments(worker)`, then the Snapshot. When
 * the worker has moved on, `confirm`. When it has died, `foldLane`.
 */
export class MetricsRegistry {
  private readonly namedSlots: number;
  private readonly allocators: Record<IndexedGroup, IndexAllocator>;
  private readonly lanes = new Map<number, Lane>();
  /** Sums of lanes that are gone. */
  private readonly folded: Segments = byGroup((group) => [new Float64Array(segmentBytes(group) / 8)]);
  private readonly foldedEvents = new Map<string, number>();
  /** Sums of slots that were shown as "other" and are gone: "other" must never fall. */
  private readonly retired: Record<GroupName, Float64Array> = byGroup(
    (group) => new Float64Array(GROUPS[group].stride),
  );
  private restarts = 0;

  constructor(namedSlots: number = DEFAULT_NAMED_SLOTS) {
    this.namedSlots = namedSlots;
    this.allocators = {
      listener: new IndexAllocator(),
      route: new IndexAllocator(),
      cluster: new IndexAllocator(),
      endpoint: new IndexAllocator(),
    };
  }

  /**
   * The index of a key, whose prefix names the group: "listener:ID", "route:NAME/RULE", "cluster:NAME",
   * "endpoint:CLUSTER|ADDRESS". Throws RangeError for another prefix.
   */
  allocate(key: string): number {
    const { group, name } = splitKey(key);
    const index = this.allocators[group].allocate(name);
    for (const lane of this.lanes.values()) lane.grow(group, (index >> SEGMENT_BITS) + 1);
    return index;
  }

  /** The key is in no Snapshot from `version` on: see IndexAllocator. */
  release(key: string, version: number): void {
    const { group, name } = splitKey(key);
    this.allocators[group].release(name, version);
  }

  /** Every live key with its index, for a worker that starts. */
  indexes(): [key: string, index: number][] {
    return INDEXED_GROUPS.flatMap((group) =>
      Array.from(this.allocators[group].entries(), ([name, index]): [string, number] => [
        `${group}:${name}`,
        index,
      ]),
    );
  }

  /** A worker swapped and lets go of older versions: see IndexAllocator.confirm for what it promises. */
  confirm(worker: number, version: number): void {
    for (const group of INDEXED_GROUPS) this.clear(group, this.allocators[group].confirm(worker, version));
  }

  /**
   * Memory for a worker that starts from Snapshot `version`; worker numbers are the caller's, one lane each.
   * Throws Error when that worker has a lane.
   */
  openLane(worker: number, version: number): LaneMemory {
    if (this.lanes.has(worker)) throw new Error(`worker ${worker} has a lane`);
    const lane = new Lane(worker);
    for (const group of GROUP_NAMES) lane.grow(group, this.segmentsOf(group));
    lane.news = [];
    this.lanes.set(worker, lane);
    for (const group of INDEXED_GROUPS) this.allocators[group].addWorker(worker, version);
    return { worker, segments: lane.memory, eventNames: lane.nameMemory };
  }

  /** Segments added since the last call: to be posted before a Snapshot that names indexes in them. */
  takeSegments(worker: number): readonly LaneSegment[] {
    const lane = this.lanes.get(worker);
    if (lane === undefined) return [];
    const news = lane.news;
    lane.news = [];
    return news;
  }

  /** A worker is gone: its counts stay in the totals, what it held open counts as closed. Unknown ones are ignored. */
  foldLane(worker: number): void {
    const lane = this.lanes.get(worker);
    if (lane === undefined) return;
    this.lanes.delete(worker);
    for (const group of GROUP_NAMES) this.foldGroup(group, lane);
    for (const group of INDEXED_GROUPS) {
      this.allocators[group].removeWorker(worker);
      this.clear(group, this.allocators[group].reclaim());
    }
  }

  /** A crashed worker was replaced. */
  countRestart(): void {
    this.restarts++;
  }

  get workerRestarts(): number {
    return this.restarts;
  }

  /** Workers with a lane. */
  get workers(): readonly number[] {
    return [...this.lanes.keys()];
  }

  /**
   * Totals of each thing that has counted anything: "none", then named ones by index, then "other" for what lies
   * beyond the bound. Counters under one key never fall while the key lives.
   */
  visit(group: IndexedGroup, visit: VisitRow): void {
    const row = new Float64Array(GROUPS[group].stride);
    const other = this.retired[group].slice();
    this.sumSlot(group, 0, row);
    if (isCounted(row)) visit(NONE, row);
    const held = [...this.allocators[group].held()].sort((a, b) => a[1] - b[1]);
    for (const [key, index] of held) {
      row.fill(0);
      this.sumSlot(group, index, row);
      if (index > this.namedSlots) addTo(other, row);
      else if (isCounted(row)) visit(key, row);
    }
    if (isCounted(other)) visit(OTHER, other);
  }

  /** Totals of a live key over all workers, whatever is shown of it; null where there is no such key. */
  totals(key: string): Float64Array | null {
    const { group, name } = splitKey(key);
    const index = this.allocators[group].indexOf(name);
    if (index === undefined) return null;
    const row = new Float64Array(GROUPS[group].stride);
    this.sumSlot(group, index, row);
    return row;
  }

  /** Cells of the worker group, summed over all workers; states (see layout) are meaningless here. */
  workerTotals(): Float64Array {
    const row = new Float64Array(GROUPS.worker.stride);
    this.sumSlot("worker", 0, row);
    return row;
  }

  /** Cells of each living worker, for its states. */
  visitWorkers(visit: (worker: number, cells: Float64Array) => void): void {
    for (const lane of this.lanes.values()) visit(lane.worker, lane.segments.worker[0].slice());
  }

  /** Counts of filters' events by "filter|event", over all workers. */
  eventTotals(): Map<string, number> {
    const totals = new Map(this.foldedEvents);
    for (const lane of this.lanes.values()) addEvents(totals, lane);
    return totals;
  }

  private segmentsOf(group: GroupName): number {
    if (!(group in this.allocators)) return 1;
    return ((this.allocators[group as IndexedGroup].size - 1) >> SEGMENT_BITS) + 1;
  }

  private sumSlot(group: GroupName, index: number, into: Float64Array): void {
    addSlot(this.folded[group], index, into);
    for (const lane of this.lanes.values()) addSlot(lane.segments[group], index, into);
  }

  private foldGroup(group: GroupName, lane: Lane): void {
    const { stride, open, states } = GROUPS[group];
    if (group === "event") return addEvents(this.foldedEvents, lane);
    lane.segments[group].forEach((segment, position) => {
      const whole = segment.slice();
      for (let at = 0; at < whole.length; at += stride) {
        for (const [begun, ended] of open) whole[at + ended] = whole[at + begun];
        for (const state of states) whole[at + state] = 0;
      }
      addTo((this.folded[group][position] ??= new Float64Array(whole.length)), whole);
    });
  }

  /** Empties slots that came free: nobody writes to them any more, so main may. */
  private clear(group: IndexedGroup, indexes: readonly number[]): void {
    for (const index of indexes) {
      if (index > this.namedSlots) this.sumSlot(group, index, this.retired[group]);
      clearSlot(this.folded[group], index, GROUPS[group].stride);
      for (const lane of this.lanes.values()) {
        clearSlot(lane.segments[group], index, GROUPS[group].stride);
      }
    }
  }
}

function splitKey(key: string): { group: IndexedGroup; name: string } {
  const colon = key.indexOf(":");
  const group = key.slice(0, colon) as IndexedGroup;
  if (!INDEXED_GROUPS.includes(group)) throw new RangeError(`no counters for key ${key}`);
  return { group, name: key.slice(colon + 1) };
}

function addSlot(segments: readonly Float64Array[], index: number, into: Float64Array): void {
  const segment = segments[index >> SEGMENT_BITS];
  if (segment === undefined) return;
  const at = (index & SLOT_MASK) * into.length;
  for (let cell = 0; cell < into.length; cell++) into[cell] += segment[at + cell];
}

function clearSlot(segments: readonly Float64Array[], index: number, stride: number): void {
  const at = (index & SLOT_MASK) * stride;
  segments[index >> SEGMENT_BITS]?.fill(0, at, at + stride);
}

function addTo(into: Float64Array, cells: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] += cells[i];
}

function isCounted(cells: Float64Array): boolean {
  for (let i = 0; i < cells.length; i++) if (cells[i] !== 0) return true;
  return false;
}

function addEvents(totals: Map<string, number>, lane: Lane): void {
  const counts = lane.segments.event[0];
  for (let slot = 0; slot < counts.length; slot++) {
    if (counts[slot] === 0) continue;
    const name = slot === 0 ? `${OTHER}|${OTHER}` : lane.names.read(slot);
    totals.set(name, (totals.get(name) ?? 0) + counts[slot]);
  }
}
