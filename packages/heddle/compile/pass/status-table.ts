import { type ChunkedList, onceForChunk } from "@heddle/engine/base";
import type { ResourceKey } from "../../resources/index.ts";
import type { Status } from "../io/status.ts";

/** The status of a resource, as the result of its compilation has it. */
export interface StatusOf {
  readonly key: ResourceKey;
  readonly status: Status;
}

/**
 * Statuses by key. Those of the many are a list, which costs nothing to make anew for each run, and whose chunks tell what
 * is as before; each is indexed when somebody asks for one of them.
 */
export class StatusTable implements ReadonlyMap<ResourceKey, Status> {
  readonly #few: Map<ResourceKey, Status>;
  /** Those of routes. Where `few` has a status of the same key, that one counts. */
  readonly many: ChunkedList<StatusOf>;
  readonly #before: number;
  /** Of the many, those that the few have another status of. */
  #replaced = 0;

  /** A key is in one of both. `before`: how many of the few come before the many. */
  constructor(few: ReadonlyMap<ResourceKey, Status>, many: ChunkedList<StatusOf>, before: number) {
    this.#few = new Map(few);
    this.many = many;
    this.#before = before;
  }

  get few(): ReadonlyMap<ResourceKey, Status> {
    return this.#few;
  }

  /** To be changed without the other one. */
  copy(): StatusTable {
    const copy = new StatusTable(this.#few, this.many, this.#before);
    copy.#replaced = this.#replaced;
    return copy;
  }

  set(key: ResourceKey, status: Status): void {
    if (!this.#few.has(key) && this.#ofMany(key) !== undefined) this.#replaced++;
    this.#few.set(key, status);
  }

  get(key: ResourceKey): Status | undefined {
    return this.#few.get(key) ?? this.#ofMany(key);
  }

  has(key: ResourceKey): boolean {
    return this.get(key) !== undefined;
  }

  get size(): number {
    return this.#few.size + this.many.length - this.#replaced;
  }

  forEach(use: (status: Status, key: ResourceKey, map: ReadonlyMap<ResourceKey, Status>) => void): void {
    const few = [...this.#few];
    for (const [key, status] of few.slice(0, this.#before)) use(status, key, this);
    for (const { key, status } of this.many) {
      if (this.#replaced === 0 || !this.#few.has(key)) use(status, key, this);
    }
    for (const [key, status] of few.slice(this.#before)) use(status, key, this);
  }

  *entries(): MapIterator<[ResourceKey, Status]> {
    const entries: [ResourceKey, Status][] = [];
    this.forEach((status, key) => entries.push([key, status]));
    yield* entries;
  }

  *keys(): MapIterator<ResourceKey> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): MapIterator<Status> {
    for (const [, status] of this.entries()) yield status;
  }

  [Symbol.iterator](): MapIterator<[ResourceKey, Status]> {
    return this.entries();
  }

  #ofMany(key: ResourceKey): Status | undefined {
    for (const chunk of this.many.chunks) {
      const status = indexOf(chunk).get(key);
      if (status !== undefined) return status;
    }
    return undefined;
  }
}

const indexOf = onceForChunk(
  (chunk: readonly StatusOf[]) => new Map(chunk.map(({ key, status }) => [key, status])),
);
