/**
 * The composition root: constructs a running Heddle out of sources, store, compile, engine, API and exporters, and
 * the checks that do the same without running.
 */
export { openHeddle } from "./open-heddle.ts";
export type { Heddle } from "./open-heddle.ts";
export type { HeddleOptions } from "./heddle-options.ts";
export type { AppliedConfiguration } from "./configuration.ts";
export { DocumentMistakes, importOpenApi } from "./import-openapi.ts";
export type { ImportOptions } from "./import-openapi.ts";
export { checkPaths } from "./check-paths.ts";
export type { CheckResult } from "./check-paths.ts";
export { isBelow, projectOf } from "./filter-module-place.ts";
export { openProcessLog } from "./process-log.ts";
export type { LogFormat } from "./process-log.ts";
export { formatProblem, oneLine } from "./reported-problem.ts";
export type { ReportedProblem } from "./reported-problem.ts";
export { purgeRunning } from "./purge-running.ts";
export type { PurgeRequest } from "./cache-purges.ts";
export { TakeOver } from "./take-over.ts";
export type { RunningProcess } from "./hand-over-messages.ts";
export { startReport } from "./start-report.ts";
export type { RouteHint, StartReport } from "./start-report.ts";
export { defaultStateFolder } from "./state-folder.ts";
export { withApiKey } from "./api-key-document.ts";
export type { ApiKeyPlace } from "./api-key-document.ts";
export { newApiKey } from "./new-api-key.ts";
export type { NewApiKey } from "./new-api-key.ts";
