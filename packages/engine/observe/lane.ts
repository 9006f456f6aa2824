import { FAULTS } from "../base/index.ts";
import type { FaultCode } from "../base/index.ts";
import type { Exchange } from "../message/index.ts";
import type { Priority } from "../model/index.ts";
import { EventNames } from "./event-names.ts";
import {
  BUCKETS_MS,
  CLUSTER,
  ENDPOINT,
  EVENT,
  FAULT_CODES,
  GROUPS,
  LISTENER,
  REFUSALS,
  ROUTE,
  SEGMENT_BITS,
  SLOT_MASK,
  WORKER,
} from "./layout.ts";
import type { GroupName, RefusalKind } from "./layout.ts";

/** What main hands to a worker at its start: the lane's memory. Posted as it is, nothing is copied. */
export interface LaneMemory {
  readonly worker: number;
  readonly segments: Readonly<Record<GroupName, readonly SharedArrayBuffer[]>>;
  readonly eventNames: SharedArrayBuffer;
}

/** A segment that main added later. It reaches the worker before the first index that lies in it. */
export interface LaneSegment {
  readonly group: GroupName;
  readonly position: number;
  readonly memory: SharedArrayBuffer;
}

/** The slots of one group in one lane. Written by one thread only, so that adding needs no atomic. */
export class GroupLane {
  /** @internal */
  readonly segments: Float64Array[];
  /** @internal */
  readonly stride: number;

  constructor(stride: number, memories: readonly SharedArrayBuffer[]) {
    this.stride = stride;
    this.segments = memories.map((memory) => new Float64Array(memory));
  }

  /** Adds to a cell. An index that is negative, or whose segment is not here, counts in slot 0. */
  add(index: number, cell: number, n: number): void {
    const slot = this.slotOf(index);
    this.segments[slot >> SEGMENT_BITS][(slot & SLOT_MASK) * this.stride + cell] += n;
  }

  /** Counts a duration in the histogram that begins at `cell`. */
  observe(index: number, cell: number, ms: number): void {
    const slot = this.slotOf(index);
    const segment = this.segments[slot >> SEGMENT_BITS];
    const at = (slot & SLOT_MASK) * this.stride + cell;
    segment[at + bucketOf(ms)] += 1;
    segment[at + BUCKETS_MS.length + 1] += ms;
  }

  /** @internal The slot that counts for an index. */
  slotOf(index: number): number {
    return index > 0 && index < this.segments.length << SEGMENT_BITS ? index : 0;
  }
}

/** The bucket of a duration: the first whose bound is not below it. Most are in the first few. */
export function bucketOf(ms: number): number {
  let bucket = 0;
  while (bucket < BUCKETS_MS.length && ms > BUCKETS_MS[bucket]) bucket++;
  return bucket;
}

/** The status that counts: the one sent, or what the fault would have sent (499: the client is gone). */
export function statusOf(exchange: Exchange): number {
  if (exchange.response !== null) return exchange.response.status;
  return exchange.fault === null ? 0 : FAULTS[exchange.fault.code].status;
}

/** Cell of 2xx. */
const OK_CLASS = 1;

/** UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS: what OpenTelemetry holds for a server's error. */
function isServerFault(grpcStatus: number): boolean {
  switch (grpcStatus) {
    case 2:
    case 4:
    case 12:
    case 13:
    case 14:
    case 15:
      return true;
    default:
      return false;
  }
}

/** Cell of a status: 1xx is 0, 5xx and what is no status 4. */
function statusCell(status: number): number {
  return status >= 100 && status < 600 ? ((status / 100) | 0) - 1 : 4;
}

const faultCells = new Map<string, number>(FAULT_CODES.map((code, i) => [code, WORKER.faults + i]));
const refusalCells = new Map<string, number>(REFUSALS.map((kind, i) => [kind, WORKER.refusals + i]));

/**
 * A worker's own counters: every method is a few writes to shared memory that no other thread writes. Indexes are
 * those of the Snapshot; -1 is allowed everywhere and counts under "none".
 */
export class WorkerLane {
  readonly worker: number;
  private readonly groups: Readonly<Record<GroupName, GroupLane>>;
  private readonly listeners: GroupLane;
  private readonly routes: GroupLane;
  private readonly clusters: GroupLane;
  private readonly endpoints: GroupLane;
  private readonly events: GroupLane;
  private readonly own: Float64Array;
  private readonly names: EventNames;

  constructor(memory: LaneMemory) {
    const lane = (name: GroupName) => new GroupLane(GROUPS[name].stride, memory.segments[name]);
    this.worker = memory.worker;
    this.listeners = lane("listener");
    this.routes = lane("route");
    this.clusters = lane("cluster");
    this.endpoints = lane("endpoint");
    this.events = lane("event");
    const worker = lane("worker");
    this.own = worker.segments[0];
    this.names = new EventNames(memory.eventNames);
    this.groups = {
      listener: this.listeners,
      route: this.routes,
      cluster: this.clusters,
      endpoint: this.endpoints,
      event: this.events,
      worker,
    };
  }

  group(name: GroupName): GroupLane {
    return this.groups[name];
  }

  /** Takes segments that main added; before the Snapshot that names indexes in them. */
  addSegments(segments: readonly LaneSegment[]): void {
    for (const { group, position, memory } of segments) {
      this.groups[group].segments[position] = new Float64Array(memory);
    }
  }

  /** A request head was taken from a listener; `recordExchange` ends it. */
  requestStarted(listenerIndex: number): void {
    this.listeners.add(listenerIndex, LISTENER.started, 1);
  }

  /** Once for each exchange, when it has ended (`markEnded`): status, bytes, durations, retries, fault. */
  recordExchange(exchange: Exchange): void {
    const status = statusCell(statusOf(exchange));
    const requestBytes = exchange.requestBytes;
    const responseBytes = exchange.responseBytes;
    const retries = exchange.attempts > 1 ? exchange.attempts - 1 : 0;

    let slot = this.listeners.slotOf(exchange.match.listenerIndex);
    let cells = this.listeners.segments[slot >> SEGMENT_BITS];
    let at = (slot & SLOT_MASK) * this.listeners.stride;
    cells[at + status] += 1;
    cells[at + LISTENER.requestBytes] += requestBytes;
    cells[at + LISTENER.responseBytes] += responseBytes;
    cells[at + LISTENER.ended] += 1;

    slot = this.routes.slotOf(exchange.match.routeIndex);
    cells = this.routes.segments[slot >> SEGMENT_BITS];
    at = (slot & SLOT_MASK) * this.routes.stride;
    cells[at + status] += 1;
    cells[at + ROUTE.requestBytes] += requestBytes;
    cells[at + ROUTE.responseBytes] += responseBytes;
    cells[at + ROUTE.retries] += retries;
    if (exchange.grpcStatus >= 0) cells[at + ROUTE.grpc + exchange.grpcStatus] += 1;
    const ms = exchange.endedMs - exchange.startedMs;
    cells[at + ROUTE.histogram + bucketOf(ms)] += 1;
    cells[at + ROUTE.histogram + BUCKETS_MS.length + 1] += ms;

    if (exchange.clusterIndex >= 0) this.recordUpstream(exchange, status, retries);
    if (exchange.fault !== null) {
      cells[at + ROUTE.faults] += 1;
      this.countFault(exchange.fault.code);
    }
  }

  /** Datagrams of clients that were taken, or are sent to them. */
  datagram(listenerIndex: number, isFromClient: boolean): void {
    this.listeners.add(listenerIndex, isFromClient ? LISTENER.datagramsIn : LISTENER.datagramsOut, 1);
  }

  /** A datagram of a client that goes nowhere. */
  datagramDropped(listenerIndex: number): void {
    this.listeners.add(listenerIndex, LISTENER.datagramsDropped, 1);
  }

  /** A request refused before there was an exchange: its head was malformed, too large, too slow. */
  requestRefused(listenerIndex: number, code: FaultCode): void {
    const cell = statusCell(FAULTS[code].status);
    this.listeners.add(listenerIndex, cell, 1);
    this.routes.add(-1, cell, 1);
    this.routes.add(-1, ROUTE.faults, 1);
    this.countFault(code);
  }

  /** A connection or handshake refused. Requests are counted by their fault, see the two methods above. */
  refused(kind: RefusalKind): void {
    this.own[refusalCells.get(kind)!] += 1;
  }

  connectionOpened(listenerIndex: number): void {
    this.listeners.add(listenerIndex, LISTENER.connectionsOpened, 1);
  }

  connectionClosed(listenerIndex: number): void {
    this.listeners.add(listenerIndex, LISTENER.connectionsClosed, 1);
  }

  tlsHandshake(listenerIndex: number, isOk: boolean, isResumed: boolean): void {
    this.listeners.add(listenerIndex, isOk ? LISTENER.tlsOk : LISTENER.tlsFailed, 1);
    if (isResumed) this.listeners.add(listenerIndex, LISTENER.tlsResumed, 1);
  }

  /** An attempt was handed to an endpoint. */
  attemptStarted(clusterIndex: number, endpointIndex: number): void {
    this.clusters.add(clusterIndex, CLUSTER.attemptsStarted, 1);
    this.endpoints.add(endpointIndex, ENDPOINT.attemptsStarted, 1);
  }

  /** It is over. `hasFailed`: by a fault of the upstream, whether or not another attempt follows. */
  attemptEnded(clusterIndex: number, endpointIndex: number, hasFailed: boolean): void {
    this.clusters.add(clusterIndex, CLUSTER.attemptsEnded, 1);
    this.endpoints.add(endpointIndex, ENDPOINT.attemptsEnded, 1);
    if (!hasFailed) return;
    this.clusters.add(clusterIndex, CLUSTER.attemptsFailed, 1);
    this.endpoints.add(endpointIndex, ENDPOINT.attemptsFailed, 1);
  }

  upstreamOpened(clusterIndex: number, endpointIndex: number): void {
    this.clusters.add(clusterIndex, CLUSTER.connectionsOpened, 1);
    this.endpoints.add(endpointIndex, ENDPOINT.connectionsOpened, 1);
  }

  upstreamClosed(clusterIndex: number, endpointIndex: number): void {
    this.clusters.add(clusterIndex, CLUSTER.connectionsClosed, 1);
    this.endpoints.add(endpointIndex, ENDPOINT.connectionsClosed, 1);
  }

  /** A dial that gave no connection: refused, timed out, TLS failed. */
  upstreamConnectFailed(clusterIndex: number, endpointIndex: number): void {
    this.clusters.add(clusterIndex, CLUSTER.connectFailed, 1);
    this.endpoints.add(endpointIndex, ENDPOINT.connectFailed, 1);
  }

  /** An attempt went out on a connection from the pool. */
  upstreamReused(clusterIndex: number): void {
    this.clusters.add(clusterIndex, CLUSTER.reused, 1);
  }

  endpointEjected(clusterIndex: number, endpointIndex: number): void {
    this.clusters.add(clusterIndex, CLUSTER.ejections, 1);
    this.endpoints.add(endpointIndex, ENDPOINT.ejections, 1);
  }

  /** An attempt began beside another one; or was the first to answer. */
  hedged(clusterIndex: number, hasWon: boolean): void {
    this.clusters.add(clusterIndex, hasWon ? CLUSTER.hedgesWon : CLUSTER.hedges, 1);
  }

  /** Its adaptive limit of requests went up or, where negative, down by so many. */
  concurrencyLimit(clusterIndex: number, change: number): void {
    const cell = change > 0 ? CLUSTER.concurrencyRaised : CLUSTER.concurrencyLowered;
    this.clusters.add(clusterIndex, cell, Math.abs(change));
  }

  /** Health checks changed their mind about an endpoint. */
  endpointHealth(endpointIndex: number, isHealthy: boolean): void {
    this.endpoints.add(endpointIndex, isHealthy ? ENDPOINT.unhealthyEnded : ENDPOINT.unhealthyBegun, 1);
  }

  /** An ejected endpoint is back, or gone for good. */
  ejectionEnded(endpointIndex: number): void {
    this.endpoints.add(endpointIndex, ENDPOINT.ejectionsEnded, 1);
  }

  healthChecked(endpointIndex: number, isGood: boolean): void {
    this.endpoints.add(endpointIndex, ENDPOINT.healthChecks, 1);
    if (!isGood) this.endpoints.add(endpointIndex, ENDPOINT.healthCheckFailures, 1);
  }

  /** What the access log has written and dropped so far: totals, not differences. */
  setLogLines(written: number, dropped: number): void {
    this.own[WORKER.logLines] = written;
    this.own[WORKER.logDropped] = dropped;
  }

  /** Longest delay of this worker's event loop in the caller's latest window. */
  setLoopDelayMax(ms: number): void {
    this.own[WORKER.loopDelayMaxMs] = ms;
  }

  /** Delay of this worker's event loop at the moment, and the share of requests (0–1) that is refused for it. */
  setLoopState(delayMs: number, refusedShare: number): void {
    this.own[WORKER.loopDelayMs] = delayMs;
    this.own[WORKER.refusedShare] = refusedShare;
  }

  /** A request of that priority was refused while load is shed. */
  shed(priority: Priority): void {
    this.own[WORKER.shed + priority] += 1;
  }

  setSnapshotVersion(version: number): void {
    this.own[WORKER.snapshotVersion] = version;
  }

  /** The counter of a filter's event, for `countEvent`; found once, when the filter is built. */
  eventCounter(filter: string, event: string): number {
    return this.names.slotOf(`${filter}|${event}`);
  }

  countEvent(counter: number): void {
    this.events.add(counter, EVENT.count, 1);
  }

  private recordUpstream(exchange: Exchange, status: number, retries: number): void {
    const slot = this.clusters.slotOf(exchange.clusterIndex);
    const cells = this.clusters.segments[slot >> SEGMENT_BITS];
    const at = (slot & SLOT_MASK) * this.clusters.stride;
    cells[at + status] += 1;
    cells[at + CLUSTER.requestBytes] += exchange.requestBytes;
    cells[at + CLUSTER.responseBytes] += exchange.responseBytes;
    cells[at + CLUSTER.retries] += retries;
    // Of a call with another HTTP status than 200 that status counts already.
    if (exchange.grpcStatus > 0 && status === OK_CLASS && isServerFault(exchange.grpcStatus))
      cells[at + CLUSTER.grpcErrors] += 1;
    if (exchange.responseHeadMs > 0) {
      const ms = exchange.responseHeadMs - exchange.upstreamStartedMs;
      cells[at + CLUSTER.histogram + bucketOf(ms)] += 1;
      cells[at + CLUSTER.histogram + BUCKETS_MS.length + 1] += ms;
    }
    if (exchange.endpointIndex >= 0) this.endpoints.add(exchange.endpointIndex, status, 1);
  }

  private countFault(code: FaultCode): void {
    this.own[faultCells.get(code)!] += 1;
    const refusal = refusalCells.get(code);
    if (refusal !== undefined) this.own[refusal] += 1;
  }
}
