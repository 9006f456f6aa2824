import type { CompileOptions } from "../io/compile-io.ts";
import type { FactName, FactReader } from "./facts.ts";

/** One kept result, with the identity of all that it was made from. */
interface Kept<T> {
  readonly input: unknown;
  readonly names: readonly FactName[];
  readonly values: readonly unknown[];
  readonly result: T;
}

class RecordingReader implements FactReader {
  readonly names: FactName[] = [];
  readonly values: unknown[] = [];
  private readonly facts: FactReader;

  constructor(facts: FactReader) {
    this.facts = facts;
  }

  read(name: FactName): unknown {
    const value = this.facts.read(name);
    this.names.push(name);
    this.values.push(value);
    return value;
  }
}

/** Results by name, each valid while its input and every fact that it read are the same objects. */
class Results {
  private last = new Map<string, Kept<unknown>>();
  private current = new Map<string, Kept<unknown>>();

  of<T>(name: string, input: unknown, facts: FactReader, make: (facts: FactReader) => T): T {
    const kept = (this.current.get(name) ?? this.last.get(name)) as Kept<T> | undefined;
    if (kept !== undefined && kept.input === input && isUnchanged(kept, facts)) {
      this.current.set(name, kept);
      return kept.result;
    }
    const reader = new RecordingReader(facts);
    const result = make(reader);
    this.current.set(name, { input, names: reader.names, values: reader.values, result });
    return result;
  }

  /** What an abandoned run made is kept: each result proves by itself that it still holds. */
  begin(): void {
    for (const [name, kept] of this.current) this.last.set(name, kept);
    this.current = new Map();
  }

  end(): void {
    this.last = this.current;
    this.current = new Map();
  }
}

function isUnchanged({ names, values }: Kept<unknown>, facts: FactReader): boolean {
  for (let i = 0; i < names.length; i++) {
    if (facts.read(names[i]!) !== values[i]) return false;
  }
  return true;
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
  private results = new Results();
  private readonly values = new Values<{ readonly json: string; readonly value: unknown }>();
  private readonly lists = new Values<readonly unknown[]>();
  private options: CompileOptions | null = null;

  /** @internal once, before a run */
  begin(options: CompileOptions): void {
    if (this.options === null || !isSameButNow(this.options, options)) this.results = new Results();
    this.options = options;
    this.results.begin();
  }

  /** @internal once, after a run: what it did not use is dropped */
  end(): void {
    this.results.end();
    this.values.end();
    this.lists.end();
  }

  /** @internal the kept result, or a new one */
  of<T>(name: string, input: unknown, facts: FactReader, make: (facts: FactReader) => T): T {
    return this.results.of(name, input, facts, make);
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
