/**
 * Finds one shortest cycle through each group of files that import each other in a circle.
 * `edges` gives the files that a file imports. Files come out in import order, the first one not repeated.
 */
export function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const known = new Set<string>();
  for (const start of [...edges.keys()].sort()) {
    if (known.has(start)) continue;
    const cycle = shortestWayBack(start, edges);
    if (cycle === undefined || cycle.some((file) => known.has(file))) continue;
    for (const file of cycle) known.add(file);
    cycles.push(cycle);
  }
  return cycles;
}

/** Breadth first from `start`, until an edge leads back to it. */
function shortestWayBack(start: string, edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of edges.get(file) ?? []) {
      if (next === start) return pathTo(file, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path = [end];
  for (let at = cameFrom.get(end); at !== undefined; at = cameFrom.get(at)) path.unshift(at);
  return path;
}
