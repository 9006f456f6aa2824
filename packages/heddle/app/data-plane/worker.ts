/** What each data-plane thread runs: the engine's worker with Heddle's filters and access log. */
import { runWorker } from "@heddle/engine/runtime/worker";
import { openDataPlaneLog } from "./data-plane-log.ts";
import { openDataPlaneFilters } from "./data-plane-filters.ts";

await runWorker({ ...openDataPlaneFilters(), openAccessLog: openDataPlaneLog });
