import type { BodyPhase, Filter } from "./contract.ts";

/** A filter with a body phase, and the phase. */
export interface BodyFilter {
  readonly filter: Filter;
  readonly phase: BodyPhase;
}

/**
 * Filters of one route or backendRef, sorted by phase once, when a Snapshot is applied: the request path walks
 * plain arrays, and a chain without body filters costs no look at a body.
 */
export interface FilterChain {
  readonly requestHead: readonly Filter[];
  readonly requestBody: readonly BodyFilter[];
  readonly requestTrailers: readonly Filter[];
  /** The response phases, last filter first. */
  readonly responseHead: readonly Filter[];
  readonly responseBody: readonly BodyFilter[];
  readonly responseTrailers: readonly Filter[];
  readonly end: readonly Filter[];
  /** A filter wants the whole request body before anything goes to the upstream. */
  readonly buffersRequest: boolean;
  readonly buffersResponse: boolean;
  /** Length of `exchange.slots`. */
  readonly slotCount: number;
  readonly isEmpty: boolean;
}

export function buildChain(filters: readonly Filter[], slotCount: number = 0): FilterChain {
  const reversed = [...filters].reverse();
  const requestBody = bodyFilters(filters, "requestBody");
  const responseBody = bodyFilters(reversed, "responseBody");
  return {
    requestHead: filters.filter((filter) => filter.requestHead !== undefined),
    requestBody,
    requestTrailers: filters.filter((filter) => filter.requestTrailers !== undefined),
    responseHead: reversed.filter((filter) => filter.responseHead !== undefined),
    responseBody,
    responseTrailers: reversed.filter((filter) => filter.responseTrailers !== undefined),
    end: filters.filter((filter) => filter.end !== undefined),
    buffersRequest: requestBody.some(({ phase }) => phase.mode === "buffer"),
    buffersResponse: responseBody.some(({ phase }) => phase.mode === "buffer"),
    slotCount,
    isEmpty: filters.length === 0,
  };
}

function bodyFilters(filters: readonly Filter[], key: "requestBody" | "responseBody"): BodyFilter[] {
  const found: BodyFilter[] = [];
  for (const filter of filters) {
    const phase = filter[key];
    if (phase !== undefined) found.push({ filter, phase });
  }
  return found;
}

export const EMPTY_CHAIN: FilterChain = buildChain([]);
