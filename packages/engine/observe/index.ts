/**
 * What happened, told cheaply: counters and histograms in shared memory, the access record and its two text forms,
 * trace context. Nothing here does I/O; `net`, `runtime` and the exporters carry it out.
 *
 *   worker  WorkerLane ──(shared memory)── MetricsRegistry  main      → exporters/prometheus
 *   worker  AccessRecord → formatJson → LineBuffer → sink             → exporters/access-log
 */
export { AccessRecord, protocolName } from "./access-record.ts";
export { formatCommon } from "./format-common.ts";
export { formatJson } from "./format-json.ts";
export { redactQuery } from "./redact-query.ts";
export type { QueryLogging } from "./redact-query.ts";
export { bucketOf, statusOf, WorkerLane } from "./lane.ts";
export type { LaneMemory, LaneSegment } from "./lane.ts";
export {
  BUCKETS_MS,
  CLUSTER,
  ENDPOINT,
  GRPC_CODES,
  FAULT_CODES,
  GROUPS,
  HISTOGRAM_CELLS,
  LISTENER,
  REFUSALS,
  ROUTE,
  STATUS_CLASSES,
  WORKER,
} from "./layout.ts";
export type { GroupLayout, GroupName, IndexedGroup, RefusalKind } from "./layout.ts";
export { LineBuffer } from "./line-buffer.ts";
export type { LineBufferLimits, LineSink } from "./line-buffer.ts";
export { OncePerSecond } from "./once-per-second.ts";
export { MetricsRegistry, NONE, OTHER } from "./registry.ts";
export type { VisitRow } from "./registry.ts";
export { traceExchange } from "./trace-context.ts";
export { TraceIds } from "./trace-ids.ts";
