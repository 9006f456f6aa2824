/**
 * What the data plane has seen, in the formats of other systems: Prometheus's text exposition, rendered by main, and
 * the access log, written by each worker.
 */
export { openAccessLog } from "./access-log/open-access-log.ts";
export type { AccessLog, AccessLogSettings } from "./access-log/open-access-log.ts";
export type { CanaryWeight } from "./prometheus/canaries.ts";
export type { CertificateExpiry } from "./prometheus/certificates.ts";
export { EXPOSITION_CONTENT_TYPE } from "./prometheus/exposition.ts";
export { readProcessFacts } from "./prometheus/process-facts.ts";
export type { ProcessFacts } from "./prometheus/process-facts.ts";
export { renderMetrics } from "./prometheus/render-metrics.ts";
