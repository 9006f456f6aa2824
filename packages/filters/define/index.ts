/**
 * The door for filters of your own: `defineFilter`, and the types that a filter meets. Nothing of it costs anything at
 * run time beyond the filter itself. docs/guide/filters.md is its manual; `@heddle/filters/testing` tests what is defined.
 */
export { defineFilter, isFilterDefinition } from "./define-filter.ts";
export type { FilterDefinition, FilterPhases, FilterSource } from "./define-filter.ts";
export { isStandardSchema } from "./filter-schema.ts";
export type {
  ConfigOf,
  FilterSchema,
  JsonSchema,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from "./filter-schema.ts";
export { FilterSlot } from "./filter-slot.ts";
export { BackendAnswer, BackendError, fetchBackend } from "./fetch-backend.ts";
export type { BackendRequest } from "./fetch-backend.ts";
export type { OwnFilterContext } from "./own-filter-context.ts";
export { jsonReply, textReply } from "./reply.ts";
export type {
  BodyPhase,
  BufferBody,
  DataRef,
  ObserveBody,
  Reply,
  SideCall,
  SideCallEvents,
  TransformBody,
} from "@heddle/engine/filter";
export { Fields, RequestHead } from "@heddle/engine/message";
export type { Exchange, Principal, ResponseHead } from "@heddle/engine/message";
