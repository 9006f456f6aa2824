import type { BalancedEndpoint } from "./endpoint.ts";

/** How much has to be given up to find an endpoint, least first. */
export const AVAILABLE = 0;
/** The excluded one is the only one available. */
const ONLY_EXCLUDED = 1;
/** None is available; the excluded one is still avoided. */
export const PANIC = 2;
/** The excluded one is all there is. */
const ANYTHING = 3;

export function isEligible<E extends BalancedEndpoint>(
  endpoint: E,
  exclude: E | null,
  mode: number,
): boolean {
  switch (mode) {
    case AVAILABLE:
      return endpoint.isAvailable && endpoint !== exclude;
    case ONLY_EXCLUDED:
      return endpoint.isAvailable;
    case PANIC:
      return endpoint !== exclude;
    default:
      return true;
  }
}

/** The least mode that leaves an endpoint to choose. Looks at each until it finds one that needs nothing given up. */
export function leastMode<E extends BalancedEndpoint>(
  endpoints: readonly E[],
  exclude: E | null,
  ignoresHealth: boolean = false,
): number {
  if (ignoresHealth) return endpoints.length > 1 || endpoints[0] !== exclude ? PANIC : ANYTHING;
  let mode = ANYTHING;
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[i];
    if (endpoint.isAvailable) {
      if (endpoint !== exclude) return AVAILABLE;
      mode = ONLY_EXCLUDED;
    } else if (mode === ANYTHING && endpoint !== exclude) {
      mode = PANIC;
    }
  }
  return mode;
}
