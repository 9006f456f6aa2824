/**
 * The composition root: constructs a running Heddle out of sources, store, compile, engine, API and exporters, and
 * the checks that do the same without running.
 */
export { openHeddle } from "./open-heddle.ts";
export type { Heddle } from "./open-heddle.ts";
export type { HeddleOptions } from "./heddle-options.ts";
export type { AppliedConfiguration } from "./configuration/configuration.ts";
export { DocumentMistakes, importOpenApi } from "./import-openapi.ts";
export type { ImportOptions } from "./import-openapi.ts";
export { checkPaths } from "./check-paths.ts";
export type { CheckResult } from "./check-paths.ts";
export { isBelow, projectOf } from "./own-filters/filter-module-place.ts";
export { openProcessLog } from "./report/process-log.ts";
export type { LogFormat } from "./report/process-log.ts";
export { formatProblem, oneLine } from "./report/reported-problem.ts";
export type { ReportedProblem } from "./report/reported-problem.ts";
export { purgeRunning } from "./control/purge-running.ts";
export type { PurgeRequest } from "./control/cache-purges.ts";
export { TakeOver } from "./control/take-over.ts";
export type { RunningProcess } from "./control/hand-over-messages.ts";
export { startReport } from "./report/start-report.ts";
export type { RouteHint, StartReport } from "./report/start-report.ts";
export { defaultStateFolder } from "./state/state-folder.ts";
export { withApiKey } from "./api-keys/api-key-document.ts";
export type { ApiKeyPlace } from "./api-keys/api-key-document.ts";
export { newApiKey } from "./api-keys/new-api-key.ts";
export type { NewApiKey } from "./api-keys/new-api-key.ts";
