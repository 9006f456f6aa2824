import { ChunkedList, isSameList } from "@heddle/engine/base";
import { keyOf, type Resource } from "../../resources/index.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import { Facts, type FactCell, type FactName, type FactReader } from "./facts.ts";

/** One kept result, with the identity of all that it was made from. */
interface Kept<T> {
  readonly input: unknown;
  readonly cells: readonly FactCell[];
  readonly values: readonly unknown[];
  readonly result: T;
  /** The last run that has used it. */
  run: number;
}

let readers = 0;

/** Notes what is read, each fact once. */
class RecordingReader implements FactReader {
  readonly cells: FactCell[] = [];
  readonly values: unknown[] = [];
  private readonly facts: Facts;
  private readonly id = ++readers;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  read(name: FactName): unknown {
    const cell = this.facts.cell(name);
    // One that another reader has read meanwhile is noted again.
    if (cell.readBy === this.id) return cell.value;
    cell.readBy = this.id;
    cell.isRead = true;
    this.cells.push(cell);
    this.values.push(cell.value);
    return cell.value;
  }
}

/** Results by name, each valid while its input and every fact that it read are the same objects. */
class Results {
  private readonly kept = new Map<string, Kept<unknown>>();
  private run = 0;
  private used = 0;

  keep<T>(name: string, input: unknown, facts: Facts, make: (facts: FactReader) => T): Kept<T> {
    const kept = this.kept.get(name) as Kept<T> | undefined;
    if (kept !== undefined && this.holds(kept, input, facts)) return kept;
    const reader = new RecordingReader(facts);
    const result = make(reader);
    if (this.kept.get(name)?.run !== this.run) this.used++;
    const next = { input, cells: reader.cells, values: reader.values, result, run: this.run };
    this.kept.set(name, next);
    return next;
  }

  drop(name: string): void {
    this.kept.delete(name);
  }

  /** Whether a kept result is still good; it is used then. */
  holds(kept: Kept<unknown>, input: unknown, facts: Facts): boolean {
    if (kept.input !== input) return false;
    // Who held in the last run holds in this one, where nothing that anybody has read is another.
    const isKnown = facts.isAsBefore && kept.run >= this.run - 1;
    if (!isKnown && !isUnchanged(kept)) return false;
    if (kept.run !== this.run) this.used++;
    kept.run = this.run;
    return true;
  }

  /** What an abandoned run made is kept: each result proves by itself that it still holds. */
  begin(): void {
    this.run++;
    this.used = 0;
  }

  end(): void {
    if (this.used === this.kept.size) return;
    this.kept.forEach(({ run }, name) => {
      if (run !== this.run) this.kept.delete(name);
    });
  }

  *cells(): Generator<readonly FactCell[]> {
    for (const { cells } of this.kept.values()) yield cells;
  }
}

function isUnchanged({ cells, values }: Kept<unknown>): boolean {
  for (let i = 0; i < cells.length; i++) if (cells[i]!.value !== values[i]) return false;
  return true;
}

/** What was made of the resources of a chunk, in their order. */
interface KeptChunk {
  readonly kept: readonly Kept<unknown>[];
  readonly results: readonly unknown[];
  /** The last run that has used it. */
  run: number;
}

/** Values by name, of the last run and of this one. */
class Values<V> {
  private last = new Map<string, V>();
  private current = new Map<string, V>();

  get(name: string): V | undefined {
    return this.current.get(name) ?? this.last.get(name);
  }

  set(name: string, value: V): void {
    this.current.set(name, value);
  }

  end(): void {
    this.last = this.current;
    this.current = new Map();
  }
}

/** New results of a list between two yields: each takes some 20 µs. */
const sliceLength = 16;

/**
 * What one compile keeps for the next, so that the change of one resource costs little. It compares by identity: a
 * resource that did not change should be the same object, in a list of the same chunks. Results are the same with and
 * without.
 */
export class CompileMemo {
  /** @internal of the run that is going on */
  readonly facts = new Facts();
  private results = new Results();
  /** Of the resources of lists, by key; and by the chunks that they were in. */
  private listed = new Results();
  private chunks = new WeakMap<readonly Resource[], KeptChunk>();
  /** Whether this run took over a chunk without a look at what is in it. */
  private hasPassed = false;
  private run = 0;
  private readonly values = new Values<{ readonly json: string; readonly value: unknown }>();
  private readonly lists = new Values<readonly unknown[]>();
  private readonly shared = new Values<ChunkedList<unknown>>();
  private options: CompileOptions | null = null;

  /** @internal once, before a run */
  begin(options: CompileOptions): void {
    if (this.options === null || !isSameButNow(this.options, options)) {
      this.results = new Results();
      this.listed = new Results();
      this.chunks = new WeakMap();
    }
    this.options = options;
    this.run++;
    this.hasPassed = false;
    this.results.begin();
    this.listed.begin();
  }

  /** @internal once, after a run: what it did not use is dropped */
  end(): void {
    this.results.end();
    if (this.hasPassed) this.dropGone();
    else this.listed.end();
    this.values.end();
    this.lists.end();
    this.shared.end();
    this.facts.end();
    this.facts.trim(this.cells());
  }

  private *cells(): Generator<readonly FactCell[]> {
    yield* this.results.cells();
    yield* this.listed.cells();
  }

  /** Of those in a chunk that was taken over nobody knows who has been used. */
  private dropGone(): void {
    const { gone, come } = this.facts.changes;
    const left = new Set(gone.map(keyOf));
    for (const one of come) left.delete(keyOf(one));
    for (const key of left) this.listed.drop(key);
  }

  /** @internal the kept result, or a new one */
  of<T>(name: string, input: unknown, facts: Facts, make: (facts: FactReader) => T): T {
    return this.results.keep(name, input, facts, make).result;
  }

  /**
   * @internal what is made of each resource of a list. A chunk that the last run had is passed by where nothing that anybody
   * has read is another; its results are the same array then.
   */
  *ofList<R extends Resource, T>(
    list: ChunkedList<R>,
    make: (resource: R, facts: FactReader, options: CompileOptions) => T,
  ): Generator<void, ChunkedList<T>> {
    const chunks: (readonly T[])[] = [];
    for (const chunk of list.chunks) {
      const known = this.chunks.get(chunk);
      const isSame = known !== undefined && known.run === this.run - 1 && this.facts.isAsBefore;
      const kept = isSame ? known : yield* this.keepChunk(chunk, known, make);
      if (isSame) this.hasPassed = true;
      kept.run = this.run;
      chunks.push(kept.results as readonly T[]);
    }
    return ChunkedList.ofChunks(chunks);
  }

  private *keepChunk<R extends Resource, T>(
    chunk: readonly R[],
    known: KeptChunk | undefined,
    make: (resource: R, facts: FactReader, options: CompileOptions) => T,
  ): Generator<void, KeptChunk> {
    const { facts, listed } = this;
    // Of the last run: no key is made of one that did not change.
    const before = known !== undefined && known.run === this.run - 1 ? known.kept : [];
    const all: Kept<T>[] = [];
    for (const [at, resource] of chunk.entries()) {
      const last = before[at] as Kept<T> | undefined;
      const made = (reader: FactReader) => make(resource, reader, this.options!);
      const holds = last !== undefined && listed.holds(last, resource, facts);
      all.push(holds ? last : listed.keep(keyOf(resource), resource, facts, made));
      if (all.length % sliceLength === 0) yield;
    }
    const fresh = all.map(({ result }) => result);
    const results = known !== undefined && isSameList(known.results, fresh) ? known.results : fresh;
    const kept = { kept: all, results, run: this.run };
    this.chunks.set(chunk, kept);
    return kept;
  }

  /** @internal the value of the last run where it has the same content */
  keepValue<T>(name: string, value: T): T {
    const json = JSON.stringify(value);
    const kept = this.values.get(name);
    const next = kept?.json === json ? kept : { json, value };
    this.values.set(name, next);
    return next.value as T;
  }

  /** @internal the list of the last run where it has the same items */
  keepList<T>(name: FactName, list: readonly T[]): readonly T[] {
    const kept = this.lists.get(name);
    const next = kept !== undefined && isSameList(kept, list) ? (kept as readonly T[]) : list;
    this.lists.set(name, next);
    return next;
  }

  /** @internal the items in chunks, which are those of the last run before and behind what changed */
  inChunks<T>(name: string, items: readonly T[]): ChunkedList<T> {
    const list =
      (this.shared.get(name) as ChunkedList<T> | undefined)?.follow(items) ?? ChunkedList.of(items);
    this.shared.set(name, list);
    return list;
  }
}

function isSameButNow(a: CompileOptions, b: CompileOptions): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof CompileOptions>;
  names.delete("nowMs");
  return [...names].every((name) => a[name] === b[name]);
}
