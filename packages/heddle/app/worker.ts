/** What each data-plane thread runs: the engine's worker with Heddle's filters and access log. */
import { runWorker } from "@heddle/engine/runtime";
import { builtinFilters } from "@heddle/filters";
import { openDataPlaneLog } from "./data-plane-log.ts";

await runWorker({ filters: builtinFilters, openAccessLog: openDataPlaneLog });
