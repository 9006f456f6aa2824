/** Host names of listeners and routes: "" for any, "shop.example", or "*.example" for one label or more before it. */

/** Whether every host that `inner` stands for is one of `outer`'s. */
export function covers(outer: string, inner: string): boolean {
  if (outer === "" || outer === inner) return true;
  return outer.startsWith("*.") && inner !== "" && inner.length > outer.length - 1
    ? inner.endsWith(outer.slice(1))
    : false;
}

/** The hosts that both stand for, or null for none. */
export function intersectHostname(a: string, b: string): string | null {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : null;
}

/**
 * The host names by which a route is reached through a listener: those of the route that have hosts in common with the
 * listener's, as they stand, "" where the route has none; empty when nothing is left. The listener sees no other hosts
 * than its own, so that it narrows them without a word, and of two which it narrows to the same hosts the one that says
 * more goes first (HTTPRoute, `spec.hostnames`: characters in a matching hostname).
 */
export function sharedHostnames(listener: string, route: readonly string[]): string[] {
  if (route.length === 0) return [""];
  return [...new Set(route)].filter((hostname) => intersectHostname(listener, hostname) !== null);
}

/** The hosts that a route has of a listener's; empty for none. */
export function intersectHostnames(listener: string, route: readonly string[]): string[] {
  if (route.length === 0) return [listener];
  return [...new Set(route.flatMap((hostname) => intersectHostname(listener, hostname) ?? []))];
}
