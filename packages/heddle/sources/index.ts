/**
 * Where resources come from: files and folders, a heddle.config.ts, `--route`. Each source gives readings, that is
 * resources with the place where they are written; `joinReadings` makes one desired state of them, `JoinedReadings` one after
 * the other.
 */
export { FileSource } from "./file-source.ts";
export type { FileSourceOptions } from "./file-source.ts";
export { reasonOf } from "./list-files.ts";
export { defineConfig } from "./define-config.ts";
export type { HeddleConfig, HeddleConfigSource } from "./define-config.ts";
export { JoinedReadings, joinReadings } from "./desired-state.ts";
export type { DesiredState, DuplicateResource } from "./desired-state.ts";
export { FileWatcher } from "./watch-files.ts";
export type { Origin } from "./origin.ts";
export { emptyReading } from "./reading.ts";
export type { Reading, SourcedRejection, SourcedResource, UnreadableText } from "./reading.ts";
export { parseRouteFlags, readRoutes } from "./route-flag.ts";
export { runInSlices } from "./run-in-slices.ts";
