import type { RouteUnit } from "../model/index.ts";

/** Names of the filters that routes have, each told once: their code is made ready before the first rule with it is built. */
export class FilterNames {
  private readonly known = new Set<string>();
  private fresh: string[] = [];

  note({ rules }: RouteUnit): void {
    for (const { filters, backends } of rules) {
      for (const { name } of filters) this.noteName(name);
      for (const backend of backends) for (const { name } of backend.filters) this.noteName(name);
    }
  }

  private noteName(name: string): void {
    if (this.known.has(name)) return;
    this.known.add(name);
    this.fresh.push(name);
  }

  /** Those that came since it was asked last. */
  takeNew(): readonly string[] {
    const { fresh } = this;
    this.fresh = [];
    return fresh;
  }
}
