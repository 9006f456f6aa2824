import type { RequestHead } from "../message/index.ts";
import type { RouteUnit } from "../model/index.ts";
import { CallTable } from "./call-table.ts";
import { firstThatHolds } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { CandidateLists } from "./candidate-lists.ts";
import { withCandidate, without } from "./precedence.ts";
import { copyNode, findByPrefix, insertPrefix, PrefixNode, removePrefix } from "./prefix-trie.ts";
import type { NodeOwner } from "./prefix-trie.ts";

const SLASH = 47;

/**
 * All matches for one hostname of one server, by path:
 *
 *   exact     path → candidates
 *   regexes   in order of precedence, tried one by one, on the whole normalised path
 *   prefixes  a trie of segments
 *   calls     gRPC calls by service and method: what GRPCRoutes have instead of paths
 *
 * Each list of candidates is in order of precedence. Lookups do not depend on the number of routes, as long as
 * they differ in their paths.
 *
 * A table that is made from another shares with it what is the same, and neither changes the other.
 */
export class PathTable<T> {
  /** Whose matches it holds, in the order they came: equal lists make equal tables. */
  readonly routes: readonly RouteUnit[];
  private exact: CandidateLists<T> | null;
  private regexes: Candidate<T>[] | null;
  private root: PrefixNode<T>;
  private calls: CallTable<T> | null;
  /** Not the table itself: nodes outlive the table that made them. */
  private readonly owner: NodeOwner;

  constructor(routes: readonly RouteUnit[], base: PathTable<T> | null = null) {
    this.routes = routes;
    this.owner = { isDerived: base !== null };
    this.exact = base === null || base.exact === null ? null : new CandidateLists(base.exact);
    this.regexes = base === null ? null : base.regexes;
    this.root = base === null ? new PrefixNode<T>(this.owner, []) : base.root;
    this.calls = base === null || base.calls === null ? null : new CallTable(base.calls);
  }

  /** Before the first lookup. */
  insert(candidate: Candidate<T>): void {
    switch (candidate.pathType) {
      case "Exact":
        (this.exact ??= new CandidateLists()).insert(candidate.path, candidate);
        break;
      case "RegularExpression":
        this.regexes = withCandidate(this.regexes ?? undefined, candidate, this.owner.isDerived);
        break;
      case "PathPrefix":
        insertPrefix(this.ownRoot(), candidate);
        break;
      case "Call":
        (this.calls ??= new CallTable()).insert(candidate);
        break;
    }
  }

  /** Before the first lookup: one that is in the table. */
  remove(candidate: Candidate<T>): void {
    switch (candidate.pathType) {
      case "Exact":
        this.exact!.remove(candidate.path, candidate);
        if (this.exact!.isEmpty) this.exact = null;
        break;
      case "RegularExpression":
        this.regexes = without(this.regexes!, candidate);
        if (this.regexes.length === 0) this.regexes = null;
        break;
      case "PathPrefix":
        removePrefix(this.ownRoot(), candidate);
        break;
      case "Call":
        this.calls!.remove(candidate);
        if (this.calls!.isEmpty) this.calls = null;
        break;
    }
  }

  /** The match that goes before all others that hold; null for none. */
  find(head: RequestHead): Candidate<T> | null {
    if (this.calls !== null) {
      const found = this.calls.find(head);
      if (found !== null) return found;
    }
    if (this.exact !== null) {
      const candidates = this.exact.get(head.path);
      if (candidates !== undefined) {
        const found = firstThatHolds(candidates, head);
        if (found !== null) return found;
      }
    }
    if (this.regexes !== null) {
      const found = findByRegex(this.regexes, head);
      if (found !== null) return found;
    }
    const { path } = head;
    // "*" of OPTIONS is below no prefix.
    return path.charCodeAt(0) === SLASH ? findByPrefix(this.root, head, path, 1) : null;
  }

  private ownRoot(): PrefixNode<T> {
    if (this.root.owner !== this.owner) this.root = copyNode(this.root, this.owner);
    return this.root;
  }
}

function findByRegex<T>(candidates: readonly Candidate<T>[], head: RequestHead): Candidate<T> | null {
  // Cheap questions first: a pattern is run only for a candidate that else holds.
  for (const candidate of candidates) {
    if (candidate.holds(head) && candidate.regex?.matches(head.path) === true) return candidate;
  }
  return null;
}
