import { ChunkedList } from "@heddle/engine/base";
import type { ParseProblem, Problem, Resource, ResourceKey } from "../resources/index.ts";
import type { Origin } from "./origin.ts";

/** A resource as a source has it. The same object as in the last reading while its text is the same. */
export interface SourcedResource {
  readonly key: ResourceKey;
  readonly resource: Resource;
  /** Unknown fields that were dropped. */
  readonly problems: readonly Problem[];
  readonly origin: Origin;
  /** Made for short routes: two sources may make the same one. */
  readonly isShared?: boolean;
}

/** A document that is no valid resource. */
export interface SourcedRejection {
  /** Undefined where the document does not even say what it is. */
  readonly key: ResourceKey | undefined;
  readonly kind: string;
  readonly problems: readonly Problem[];
  readonly document: unknown;
  readonly origin: Origin;
}

/** What one source, a file say, has to give. */
export interface Reading {
  /** What did not change is in the same chunks as in the last reading. */
  readonly resources: ChunkedList<SourcedResource>;
  readonly rejected: readonly SourcedRejection[];
  /** Text that could not be read. */
  readonly unreadable: readonly UnreadableText[];
}

/** As ParseProblem; without a place where the source has none, such as a file that cannot be opened. */
export type UnreadableText = Omit<ParseProblem, "line" | "column"> & Partial<ParseProblem>;

export const emptyReading: Reading = {
  resources: ChunkedList.of<SourcedResource>([]),
  rejected: [],
  unreadable: [],
};
