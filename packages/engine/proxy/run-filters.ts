import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { BodyFilter, Filter, FilterChain } from "../filter/index.ts";
import type { Exchange, Fields } from "../message/index.ts";

export function filterFault(filter: Filter, error: unknown): Fault {
  return makeFault("HDL_FILTER_FAILED", `filter ${filter.name} threw`, error);
}

/** Made by `filterFault`: the filter itself has seen its phase throw. */
export const isOfOneFilter = ({ message }: Fault): boolean => message.startsWith("filter ");

/** Shows trailers to each filter; the fault of the first that throws, or null. */
export function runTrailers(
  filters: readonly Filter[],
  phase: "requestTrailers" | "responseTrailers",
  exchange: Exchange,
  trailers: Fields,
): Fault | null {
  for (const filter of filters) {
    try {
      filter[phase]!(exchange, trailers);
    } catch (error) {
      return filterFault(filter, error);
    }
  }
  return null;
}

/** The exchange is over: one filter's failure keeps no other from hearing of it. */
export function runEnds(chain: FilterChain, exchange: Exchange): void {
  for (const filter of chain.end) {
    try {
      filter.end!(exchange);
    } catch (error) {
      exchange.fault ??= filterFault(filter, error);
    }
  }
}

/** Filters of two chains in the order given. Most exchanges meet filters in one of them at most: no copy then. */
export function inOrder<T extends Filter | BodyFilter>(
  first: readonly T[],
  second: readonly T[],
): readonly T[] {
  if (second.length === 0) return first;
  return first.length === 0 ? second : [...first, ...second];
}
