/**
 * Pure pickers: which endpoint gets the next attempt, and which backend of a route the next request. Time and
 * randomness are arguments.
 */
export { NO_KEY } from "./endpoint.ts";
export type { BalancedEndpoint, FlatPicker, Picker, PlacedEndpoint } from "./endpoint.ts";
export { hashKey } from "./hash-key.ts";
export { HashPicker } from "./hash-picker.ts";
export { latencyAt, observeFailure, observeLatency, observeSilence } from "./latency.ts";
export { LeastRequestPicker } from "./least-request-picker.ts";
export { LevelPicker } from "./level-picker.ts";
export type { AvailabilityChanges } from "./level-picker.ts";
export { DEFAULT_MAGLEV_SIZE, maglevTable } from "./maglev-table.ts";
export { PeakEwmaPicker } from "./peak-ewma-picker.ts";
export { RandomPicker } from "./random-picker.ts";
export { DEFAULT_RING_SIZE, ringTable } from "./ring-table.ts";
export { RoundRobinPicker } from "./round-robin-picker.ts";
export { SlowStartPicker } from "./slow-start-picker.ts";
export { WeightedChoice } from "./weighted-choice.ts";
export { zoneTest } from "./zone-groups.ts";
