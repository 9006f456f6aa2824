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
 * The host names by which a route is reached through a listener (HTTPRoute, `spec.hostnames`): those of the route
 * as far as the listener has them, "" where the route has none, so that it comes after those that name the host, even by the listener's own wildcard;
 * empty when nothing is left. The listener sees no other hosts than its own.
 */
export function intersectHostnames(listener: string, route: readonly string[]): string[] {
  if (route.length === 0) return [""];
  const found = new Set<string>();
  for (const hostname of route) {
    const both = intersectHostname(listener, hostname);
    if (both !== null) found.add(both);
  }
  return [...found];
}
