import type { FilterCode } from "@heddle/filters";
import type { ResourceKey } from "../../resources/index.ts";
import type { Finding } from "./status.ts";

/** A Filter's code that can be built: it was loaded, and its configuration checked. */
export interface OwnFilterCode {
  /** Of its content. */
  readonly hash: string;
  /** What its module calls it. */
  readonly name: string;
  /** As its schema has it, with defaults. */
  readonly config: unknown;
}

/** What became of the module that a Filter names. */
export interface OwnFilterState {
  /** What is in force: where the module has a mistake now, its last good version. Null: nothing is. */
  readonly code: OwnFilterCode | null;
  /** What is wrong with the module or the configuration; empty where all is well. */
  readonly findings: readonly Finding[];
}

/** What became of all Filters, for compile, which loads nothing. */
export interface OwnFilterStates {
  readonly filters: ReadonlyMap<ResourceKey, OwnFilterState>;
  /** By hash. */
  readonly code: ReadonlyMap<string, FilterCode>;
}

export const noOwnFilters: OwnFilterStates = { filters: new Map(), code: new Map() };
