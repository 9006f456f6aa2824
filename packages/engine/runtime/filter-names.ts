import type { FilterSpec, RouteUnit } from "../model/index.ts";

/** Names of the filters that routes have, and of those that guard their copies, each told once: their code is made ready before the first rule with it is built. */
export class FilterNames {
  private readonly known = new Set<string>();
  private fresh: string[] = [];

  note({ rules }: RouteUnit): void {
    for (const { filters, backends } of rules) {
      this.noteAll(filters);
      for (const backend of backends) this.noteAll(backend.filters);
    }
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
