import { copyInSteps } from "./copy-in-steps.ts";

/** A hostname's value, and the next less specific one that matches every host this one matches. */
export interface HostNode<V> {
  /** "" (any), "shop.example" or "*.example". */
  readonly hostname: string;
  readonly value: V;
  readonly fallback: HostNode<V> | null;
}

/**
 * Hostnames, most specific first: the exact one, then the longest wildcard, then any. A wildcard stands for one
 * or more labels, so "*.example" matches "a.example" and "b.a.example", never "example".
 */
export class HostIndex<V> {
  private readonly exact: Map<string, HostNode<V>>;
  /** By suffix with its dot: ".example". */
  private readonly wildcards: Map<string, HostNode<V>>;
  private readonly any: HostNode<V> | null;
  /** No suffix longer than this is looked up: a host of 60,000 dots costs no more than one of 253 characters. */
  private readonly longestWildcard: number;

  private constructor(
    any: HostNode<V> | null,
    longestWildcard: number,
    exact: Map<string, HostNode<V>> = new Map(),
    wildcards: Map<string, HostNode<V>> = new Map(),
  ) {
    this.exact = exact;
    this.wildcards = wildcards;
    this.any = any;
    this.longestWildcard = longestWildcard;
  }

  /** Yields after each `pace` hostnames. */
  static *build<V>(entries: ReadonlyMap<string, V>, pace: number): Generator<void, HostIndex<V>> {
    // By length, the shortest first: what a longer wildcard falls back to is there already.
    const wildcards: [string, V][][] = [];
    const exact: [string, V][] = [];
    let steps = 0;
    for (const [hostname, value] of entries) {
      if (isWildcard(hostname)) (wildcards[hostname.length - 1] ??= []).push([hostname, value]);
      else if (hostname !== "") exact.push([hostname, value]);
      if (++steps % pace === 0) yield;
    }
    const any = entries.get("");
    const index = new HostIndex<V>(
      any === undefined ? null : { hostname: "", value: any, fallback: null },
      Math.max(0, wildcards.length - 1),
    );
    for (const [hostname, value] of wildcards.flatMap((sameLength) => sameLength ?? [])) {
      const suffix = hostname.slice(1);
      index.wildcards.set(suffix, { hostname, value, fallback: index.findWildcard(suffix, 1) });
      if (++steps % pace === 0) yield;
    }
    for (const [hostname, value] of exact) {
      index.exact.set(hostname, { hostname, value, fallback: index.findWildcard(hostname, 1) });
      if (++steps % pace === 0) yield;
    }
    return index;
  }

  /** One with other values for some hostnames; undefined takes them out. In steps. */
  *changed(values: ReadonlyMap<string, V | undefined>, pace: number): Generator<void, HostIndex<V>> {
    for (const hostname of values.keys()) {
      // Others fall back to it.
      if (hostname === "" || isWildcard(hostname)) return yield* this.rebuilt(values, pace);
    }
    const exact = yield* copyInSteps(this.exact);
    for (const [hostname, value] of values) {
      if (value === undefined) exact.delete(hostname);
      else exact.set(hostname, { hostname, value, fallback: this.findWildcard(hostname, 1) });
    }
    return new HostIndex(this.any, this.longestWildcard, exact, this.wildcards);
  }

  private *rebuilt(values: ReadonlyMap<string, V | undefined>, pace: number): Generator<void, HostIndex<V>> {
    const entries = new Map<string, V>();
    let steps = 0;
    for (const { hostname, value } of this.nodes()) {
      entries.set(hostname, value);
      if (++steps % pace === 0) yield;
    }
    for (const [hostname, value] of values) {
      if (value === undefined) entries.delete(hostname);
      else entries.set(hostname, value);
    }
    return yield* HostIndex.build(entries, pace);
  }

  private *nodes(): Generator<HostNode<V>, void> {
    if (this.any !== null) yield this.any;
    yield* this.wildcards.values();
    yield* this.exact.values();
  }

  /** What stands for this very hostname. */
  valueOf(hostname: string): V | undefined {
    if (hostname === "") return this.any?.value;
    const node = isWildcard(hostname) ? this.wildcards.get(hostname.slice(1)) : this.exact.get(hostname);
    return node?.value;
  }

  /** The most specific node for a lower-case host without port and trailing dot. */
  find(host: string): HostNode<V> | null {
    if (this.exact.size > 0) {
      const node = this.exact.get(host);
      if (node !== undefined) return node;
    }
    return this.longestWildcard > 0 ? this.findWildcard(host, 1) : this.any;
  }

  /** The longest wildcard whose dot stands at `from` or later: at least one character is before it. */
  private findWildcard(host: string, from: number): HostNode<V> | null {
    let dot = host.indexOf(".", Math.max(from, host.length - this.longestWildcard));
    while (dot > 0) {
      const node = this.wildcards.get(host.slice(dot));
      if (node !== undefined) return node;
      dot = host.indexOf(".", dot + 1);
    }
    return this.any;
  }
}

const isWildcard = (hostname: string): boolean => hostname.startsWith("*.");
