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
  /** Its place in the row that it is in. */
  at: number;
}

class RecordingReader implements FactReader {
  readonly cells: FactCell[] = [];
  readonly values: unknown[] = [];
  private readonly facts: Facts;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  read(name: FactName): unknown {
    const cell = this.facts.cell(name);
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

  find(name: string): Kept<unknown> | undefined {
    return this.kept.get(name);
  }

  keep<T>(name: string, input: unknown, facts: Facts, make: (facts: FactReader) => T): Kept<T> {
    const kept = this.kept.get(name) as Kept<T> | undefined;
    if (kept !== undefined && this.holds(kept, input, facts)) return kept;
    const reader = new RecordingReader(facts);
    const result = make(reader);
    if (this.kept.get(name)?.run !== this.run) this.used++;
    const next = { input, cells: reader.cells, values: reader.values, result, run: this.run, at: 0 };
    this.kept.set(name, next);
    return next;
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

/** Results in the order of their inputs, of the last run and of this one. */
class Row {
  private last: Kept<unknown>[] = [];
  private current: Kept<unknown>[] = [];
  private at = 0;

  /** The result that comes next, where it is the one of this input and still holds. */
  next(input: unknown, results: Results, facts: Facts): Kept<unknown> | undefined {
    const kept = this.last[this.at];
    return kept !== undefined && results.holds(kept, input, facts) ? kept : undefined;
  }

  /** `place` is where the last run had what is under its name. */
  add(kept: Kept<unknown>, place: number | undefined): void {
    if (place !== undefined) this.at = place + 1;
    kept.at = this.current.length;
    this.current.push(kept);
  }

  end(): void {
    this.last = this.current;
    this.current = [];
    this.at = 0;
  }
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

/**
 * What one compile keeps for the next, so that the change of one resource costs little. It compares by identity: a
 * resource that did not change should be the same object. Results are the same with and without.
 */
export class CompileMemo {
  /** @internal of the run that is going on */
  readonly facts = new Facts();
  private results = new Results();
  private row = new Row();
  private readonly values = new Values<{ readonly json: string; readonly value: unknown }>();
  private readonly lists = new Values<readonly unknown[]>();
  private options: CompileOptions | null = null;
  private isRunning = false;

  /** @internal once, before a run */
  begin(options: CompileOptions): void {
    const isOther = this.options === null || !isSameButNow(this.options, options);
    if (isOther) this.results = new Results();
    if (isOther || this.isRunning) this.row = new Row();
    this.isRunning = true;
    this.options = options;
    this.results.begin();
  }

  /** @internal once, after a run: what it did not use is dropped */
  end(): void {
    this.results.end();
    this.row.end();
    this.values.end();
    this.lists.end();
    this.facts.end();
    this.facts.trim(this.results.cells());
    this.isRunning = false;
  }

  /** @internal the kept result, or a new one */
  of<T>(name: string, input: unknown, facts: Facts, make: (facts: FactReader) => T): T {
    return this.results.keep(name, input, facts, make).result;
  }

  /** @internal as `of` by its key, for resources that come in the same order in each run: no key is made of one that did not change */
  inOrder<R extends Resource, T>(
    resource: R,
    make: (resource: R, facts: FactReader, options: CompileOptions) => T,
  ): T {
    const kept = this.row.next(resource, this.results, this.facts);
    if (kept === undefined) return this.outOfOrder(resource, make);
    this.row.add(kept, kept.at);
    return kept.result as T;
  }

  private outOfOrder<R extends Resource, T>(
    resource: R,
    make: (resource: R, facts: FactReader, options: CompileOptions) => T,
  ): T {
    const name = keyOf(resource);
    const place = this.results.find(name)?.at;
    const kept = this.results.keep(name, resource, this.facts, (reader) =>
      make(resource, reader, this.options!),
    );
    this.row.add(kept, place);
    return kept.result;
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
    const isSame = kept?.length === list.length && kept.every((item, index) => item === list[index]);
    const next = isSame ? (kept as readonly T[]) : list;
    this.lists.set(name, next);
    return next;
  }
}

function isSameButNow(a: CompileOptions, b: CompileOptions): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof CompileOptions>;
  names.delete("nowMs");
  return [...names].every((name) => a[name] === b[name]);
}
