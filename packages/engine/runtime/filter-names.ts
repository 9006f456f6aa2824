import type { FilterSpec, ListenerUnit, RouteUnit } from "../model/index.ts";

/** Names of the filters that routes and listeners have, and of those that guard their copies, each told once: their code is made ready before the first rule with it is built. */
export class FilterNames {
  private readonly known = new Set<string>();
  private fresh: string[] = [];

  note({ rules }: RouteUnit): void {
    for (const { filters, backends } of rules) {
      this.noteAll(filters);
      for (const backend of backends) this.noteAll(backend.filters);
    }
  }

  noteListener({ servers, unrouted }: ListenerUnit): void {
    for (const server of servers) if (server.unrouted !== undefined) this.noteAll(server.unrouted);
    if (unrouted !== undefined) this.noteAll(unrouted);
  }

  private noteAll(filters: readonly FilterSpec[]): void {
    for (const { name, guards } of filters) {
      if (guards !== undefined) this.noteAll(guards);
      if (this.known.has(name)) continue;
      this.known.add(name);
      this.fresh.push(name);
    }
  }

  /** Those that came since it was asked last. */
  takeNew(): readonly string[] {
    const { fresh } = this;
    this.fresh = [];
    return fresh;
  }
}
