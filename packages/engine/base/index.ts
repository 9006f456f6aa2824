/**
 * Small types that everything stands on: faults as values, the clock, coarse timers, randomness, bytes.
 */
export { FAULTS, makeFault } from "./fault.ts";
export type { Fault, FaultCode, FaultRetry, FaultRow, FaultSource } from "./fault.ts";
export { systemClock } from "./clock.ts";
export type { Clock, ClockTimer } from "./clock.ts";
export { CallbackTimer, TICK_MS, Timer, TimerWheel } from "./timer-wheel.ts";
export { seededRandom, systemRandom } from "./random.ts";
export type { Random } from "./random.ts";
export { ChunkedList, isSameList, listChanges, onceForChunk, SteadyChunks } from "./chunked-list.ts";
export { commonEnds } from "./common-ends.ts";
export { listPlaces, missingPlaces } from "./list-places.ts";
export { Pace } from "./pace.ts";
export type { PaceOptions } from "./pace.ts";
export { runToEnd } from "./run-to-end.ts";
export { copyBytes, hashText, sliceLatin1 } from "./bytes.ts";
