/** What each data-plane thread runs: the engine's worker with Heddle's filters and access log. */
import { runWorker } from "@heddle/engine/runtime";
import { loadFilterCode } from "@heddle/filters/own";
import { openDataPlaneLog } from "./data-plane-log.ts";
import { dataPlaneFilters } from "./data-plane-filters.ts";

await runWorker({ filters: dataPlaneFilters(), prepare: loadFilterCode, openAccessLog: openDataPlaneLog });
