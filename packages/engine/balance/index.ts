/**
 * Pure pickers: which endpoint gets the next attempt, and which backend of a route the next request. Time and
 * randomness are arguments.
 */
export type { BalancedEndpoint, Picker } from "./endpoint.ts";
export { latencyAt, observeFailure, observeLatency } from "./latency.ts";
export { PeakEwmaPicker } from "./peak-ewma-picker.ts";
export { RandomPicker } from "./random-picker.ts";
export { RoundRobinPicker } from "./round-robin-picker.ts";
export { WeightedChoice } from "./weighted-choice.ts";
