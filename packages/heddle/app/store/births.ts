import { randomUUID } from "node:crypto";
import type { ResourceKey } from "../../resources/index.ts";

/** What a resource has from its first day on, as far as its document does not say it. */
export interface Birth {
  readonly uid: string;
  /** RFC 3339, in whole seconds as Kubernetes has it. */
  readonly createdAt: string;
}

/**
 * When resources came, and the uids that they were given: for as long as they stay, and the process lives. Compile sees no
 * time of these, since its precedence by age is to be the same after a restart.
 */
export class Births {
  private readonly known = new Map<ResourceKey, Birth>();
  private readonly wallMs: () => number;

  constructor(wallMs: () => number = Date.now) {
    this.wallMs = wallMs;
  }

  /** Of one that is there; it begins now where it is new. */
  of(key: ResourceKey): Birth {
    let birth = this.known.get(key);
    if (birth === undefined) {
      const createdAt = `${new Date(this.wallMs()).toISOString().slice(0, 19)}Z`;
      birth = { uid: randomUUID(), createdAt };
      this.known.set(key, birth);
    }
    return birth;
  }

  /** Of one that may not be there. */
  find(key: ResourceKey): Birth | undefined {
    return this.known.get(key);
  }

  /** Another one of that name is another resource. */
  forget(key: ResourceKey): void {
    this.known.delete(key);
  }
}
