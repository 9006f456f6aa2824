/**
 * Tests of your own filters in milliseconds: `testFilter` runs one in the real engine (its proxy, chain, body pipes, clusters
 * and rescue) with scripted backends in place of sockets, on a clock that the test moves.
 */
export { FakeClock } from "./fake-clock.ts";
export type { FilterResponse } from "./filter-response.ts";
export type { BackendReply, BackendScript, ScriptedBackend, SeenRequest } from "./scripted-backend.ts";
export { FilterConfigError, testFilter } from "./test-filter.ts";
export type { FilterTest, FilterTestOptions, FilterTestRequest } from "./test-filter.ts";
