import type { Exchange } from "../message/index.ts";
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
  readonly filters: readonly Filter[];
  readonly requestHead: readonly Filter[];
  readonly requestBody: readonly BodyFilter[];
  readonly requestTrailers: readonly Filter[];
  /** The response phases, last filter first. */
  readonly responseHead: readonly Filter[];
  readonly responseBody: readonly BodyFilter[];
  readonly responseTrailers: readonly Filter[];
  readonly end: readonly Filter[];
  /** Length of `exchange.slots`. */
  readonly slotCount: number;
  readonly isEmpty: boolean;
  /** Filters that have to be told of damage. */
  readonly watched: readonly Filter[];
}

export function buildChain(filters: readonly Filter[], slotCount: number = 0): FilterChain {
  const reversed = [...filters].reverse();
  return {
    filters,
    requestHead: filters.filter((filter) => filter.requestHead !== undefined),
    requestBody: bodyFilters(filters, "requestBody"),
    requestTrailers: filters.filter((filter) => filter.requestTrailers !== undefined),
    responseHead: reversed.filter((filter) => filter.responseHead !== undefined),
    responseBody: bodyFilters(reversed, "responseBody"),
    responseTrailers: reversed.filter((filter) => filter.responseTrailers !== undefined),
    end: filters.filter((filter) => filter.end !== undefined),
    slotCount,
    isEmpty: filters.length === 0,
    watched: filters.filter((filter) => filter.damaged !== undefined),
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

const NO_STAGES: readonly BodyFilter[] = [];

/** Those of the body filters that this exchange concerns. */
export function concerned(stages: readonly BodyFilter[], exchange: Exchange): readonly BodyFilter[] {
  if (stages.length === 0) return NO_STAGES;
  return stages.filter(({ phase }) => phase.concerns === undefined || phase.concerns(exchange));
}

/** Parts of chains that stored replies pass, made when first asked for. A filter instance is in one chain only. */
const before = new WeakMap<Filter, FilterChain>();

/** What of the chain comes before `filter`; null where it is not in the chain. */
export function chainBefore(chain: FilterChain, filter: Filter): FilterChain | null {
  const at = chain.filters.indexOf(filter);
  if (at < 0) return null;
  let part = before.get(filter);
  if (part === undefined) {
    part = buildChain(chain.filters.slice(0, at));
    before.set(filter, part);
  }
  return part;
}

/** What of the chain comes behind `filter`, with the response phases of `filter` itself; null as above. */
export function chainFrom(chain: FilterChain, filter: Filter): FilterChain | null {
  const at = chain.filters.indexOf(filter);
  if (at < 0) return null;
  const { requestHead, requestBody, requestTrailers } = buildChain(chain.filters.slice(at + 1));
  const responses = buildChain(chain.filters.slice(at), chain.slotCount);
  return { ...responses, requestHead, requestBody, requestTrailers };
}
