/**
 * Shifts traffic to canaries step by step, and back where they do worse than they may. Compile says which rules have
 * one; this area judges by the counters in shared memory, on the main thread, and gives compile the weights.
 *
 *   CanaryService ── CanaryRun ── judge      one run for each rule: its step, its figures, its verdict
 */
export { CanaryService } from "./canary-service.ts";
export type { CanaryServiceOptions } from "./canary-service.ts";
export type { CanaryState } from "./canary-state.ts";
