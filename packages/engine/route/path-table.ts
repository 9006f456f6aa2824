import type { RequestHead } from "../message/index.ts";
import type { RouteUnit } from "../model/index.ts";
import { CallTable } from "./call-table.ts";
import { firstThatHolds } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { insertInOrder } from "./precedence.ts";

const SLASH = 47;

/** One segment of the prefixes. Its candidates are those whose prefix ends here. */
class PrefixNode<T> {
  readonly parent: PrefixNode<T> | null;
  readonly candidates: Candidate<T>[] = [];
  /**
   * The first of them where it asks for nothing but the path: the usual case, found without touching the list.
   * With 10,000 hosts asked in turn a lookup is bound by cache misses (bench/micro/route.ts).
   */
  sure: Candidate<T> | null = null;
  children: Map<string, PrefixNode<T>> | null = null;

  constructor(parent: PrefixNode<T> | null) {
    this.parent = parent;
  }

  add(candidate: Candidate<T>): void {
    insertInOrder(this.candidates, candidate);
    const [first] = this.candidates;
    this.sure = first.isUnconditional ? first : null;
  }
}

/**
 * All matches for one hostname of one server, by path:
 *
 *   exact     path → candidates
 *   regexes   in order of precedence, tried one by one, on the whole normalised path
 *   prefixes  a trie of segments: the walk down takes one lookup per matching segment, the walk up asks the
 *             longest prefix first
 *   calls     gRPC calls by service and method: what GRPCRoutes have instead of paths
 *
 * Each list of candidates is in order of precedence. Lookups do not depend on the number of routes, as long as
 * they differ in their paths.
 */
export class PathTable<T> {
  /** Whose matches it holds, in the order they came: equal lists make equal tables. */
  readonly routes: readonly RouteUnit[];
  private exact: Map<string, Candidate<T>[]> | null = null;
  private regexes: Candidate<T>[] | null = null;
  private readonly root = new PrefixNode<T>(null);
  private calls: CallTable<T> | null = null;

  constructor(routes: readonly RouteUnit[]) {
    this.routes = routes;
  }

  add(candidate: Candidate<T>): void {
    switch (candidate.pathType) {
      case "Exact":
        insertInOrder(this.exactList(candidate.path), candidate);
        break;
      case "RegularExpression":
        insertInOrder((this.regexes ??= []), candidate);
        break;
      case "PathPrefix":
        this.prefixNode(candidate.path).add(candidate);
        break;
      case "Call":
        (this.calls ??= new CallTable()).add(candidate);
        break;
    }
  }

  /** The match that goes before all others that hold; null for none. */
  find(head: RequestHead): Candidate<T> | null {
    const { path } = head;
    if (this.calls !== null) {
      const found = this.calls.find(head);
      if (found !== null) return found;
    }
    if (this.exact !== null) {
      const candidates = this.exact.get(path);
      if (candidates !== undefined) {
        const found = firstThatHolds(candidates, head);
        if (found !== null) return found;
      }
    }
    if (this.regexes !== null) {
      const found = findByRegex(this.regexes, head);
      if (found !== null) return found;
    }
    return this.findByPrefix(head);
  }

  private findByPrefix(head: RequestHead): Candidate<T> | null {
    const { path } = head;
    // "*" of OPTIONS is below no prefix.
    if (path.charCodeAt(0) !== SLASH) return null;
    let node = this.root;
    let start = 1;
    while (node.children !== null) {
      const slash = path.indexOf("/", start);
      const end = slash < 0 ? path.length : slash;
      const child = node.children.get(path.slice(start, end));
      if (child === undefined) break;
      node = child;
      if (slash < 0) break;
      start = end + 1;
    }
    for (let at: PrefixNode<T> | null = node; at !== null; at = at.parent) {
      const found = at.sure ?? firstThatHolds(at.candidates, head);
      if (found !== null) return found;
    }
    return null;
  }

  private exactList(path: string): Candidate<T>[] {
    this.exact ??= new Map();
    let list = this.exact.get(path);
    if (list === undefined) {
      list = [];
      this.exact.set(path, list);
    }
    return list;
  }

  private prefixNode(path: string): PrefixNode<T> {
    let node = this.root;
    if (path === "") return node;
    for (const segment of path.slice(1).split("/")) {
      node.children ??= new Map();
      let child = node.children.get(segment);
      if (child === undefined) {
        child = new PrefixNode(node);
        node.children.set(segment, child);
      }
      node = child;
    }
    return node;
  }
}

function findByRegex<T>(candidates: readonly Candidate<T>[], head: RequestHead): Candidate<T> | null {
  // Cheap questions first: a pattern is run only for a candidate that else holds.
  for (const candidate of candidates) {
    if (candidate.holds(head) && candidate.regex?.matches(head.path) === true) return candidate;
  }
  return null;
}
