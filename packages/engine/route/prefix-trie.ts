import type { RequestHead } from "../message/index.ts";
import { firstThatHolds } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { mostInOneMap, PartedMap } from "./parted-map.ts";
import { withCandidate, without } from "./precedence.ts";

/** Who may change a node: those that share it copy it first. */
export interface NodeOwner {
  /** It was made from another, whose nodes and lists it shares. */
  readonly isDerived: boolean;
}

/**
 * A trie of path prefixes, by segment: the walk down takes one lookup per matching segment, then the longest prefix is
 * asked first. Its candidates are those whose prefix ends here.
 */
export class PrefixNode<T> {
  readonly owner: NodeOwner;
  candidates: Candidate<T>[];
  /**
   * The first of them where it asks for nothing but the path: the usual case, found without touching the list.
   * With 10,000 hosts asked in turn a lookup is bound by cache misses (bench/micro/route.ts).
   */
  sure: Candidate<T> | null = null;
  children: Map<string, PrefixNode<T>> | null = null;
  /** Instead of them, once they are many: a copy of the node would be as long as they are. */
  wide: PartedMap<PrefixNode<T>> | null = null;

  constructor(owner: NodeOwner, candidates: Candidate<T>[]) {
    this.owner = owner;
    this.candidates = candidates;
    this.update(candidates);
  }

  update(candidates: Candidate<T>[]): void {
    this.candidates = candidates;
    this.sure = candidates.length > 0 && candidates[0].isUnconditional ? candidates[0] : null;
  }

  childOf(segment: string): PrefixNode<T> | undefined {
    return this.wide === null ? this.children?.get(segment) : this.wide.get(segment);
  }

  putChild(segment: string, child: PrefixNode<T>): void {
    if (this.wide !== null) {
      this.wide.set(segment, child);
      return;
    }
    this.children ??= new Map();
    this.children.set(segment, child);
    if (this.children.size <= mostInOneMap) return;
    this.wide = PartedMap.of(this.children);
    this.children = null;
  }

  dropChild(segment: string): void {
    this.children?.delete(segment);
    this.wide?.delete(segment);
  }

  get isEmpty(): boolean {
    const { candidates, children, wide } = this;
    return candidates.length === 0 && !children?.size && !wide?.size;
  }
}

/** Puts a candidate below a root that is the owner's: nodes on its way that are shared are copied. */
export function insertPrefix<T>(root: PrefixNode<T>, candidate: Candidate<T>): void {
  const way = ownWay(root, segmentsOf(candidate.path));
  const node = way[way.length - 1];
  node.update(withCandidate(node.candidates, candidate, root.owner.isDerived));
}

/** Takes out one that is there; nodes that hold nothing any more go with it. */
export function removePrefix<T>(root: PrefixNode<T>, candidate: Candidate<T>): void {
  const segments = segmentsOf(candidate.path);
  const way = ownWay(root, segments);
  const node = way[way.length - 1];
  node.update(without(node.candidates, candidate));
  for (let at = segments.length; at > 0 && way[at].isEmpty; at--) way[at - 1].dropChild(segments[at - 1]);
}

/** The nodes along segments, all of the root's owner: copies of shared ones, and new ones where there were none. */
function ownWay<T>(root: PrefixNode<T>, segments: readonly string[]): PrefixNode<T>[] {
  const { owner } = root;
  let node = root;
  const way = [node];
  for (const segment of segments) {
    let child = node.childOf(segment);
    if (child?.owner !== owner) {
      child = child === undefined ? new PrefixNode<T>(owner, []) : copyNode(child, owner);
      node.putChild(segment, child);
    }
    node = child;
    way.push(node);
  }
  return way;
}

export function copyNode<T>(node: PrefixNode<T>, owner: NodeOwner): PrefixNode<T> {
  const copy = new PrefixNode<T>(owner, node.candidates);
  if (node.children !== null) copy.children = new Map(node.children);
  if (node.wide !== null) copy.wide = new PartedMap(node.wide);
  return copy;
}

/** The first that holds, of the longest prefix that has one. `start` is that of the segment below the node. */
export function findByPrefix<T>(
  node: PrefixNode<T>,
  head: RequestHead,
  path: string,
  start: number,
): Candidate<T> | null {
  const { children, wide } = node;
  if (children !== null || wide !== null) {
    const slash = path.indexOf("/", start);
    const segment = path.slice(start, slash < 0 ? path.length : slash);
    const child = children !== null ? children.get(segment) : wide!.get(segment);
    if (child !== undefined) {
      // Never deeper than the prefixes have segments.
      const found = slash < 0 ? ownOf(child, head) : findByPrefix(child, head, path, slash + 1);
      if (found !== null) return found;
    }
  }
  return ownOf(node, head);
}

function ownOf<T>(node: PrefixNode<T>, head: RequestHead): Candidate<T> | null {
  return node.sure ?? firstThatHolds(node.candidates, head);
}

function segmentsOf(path: string): string[] {
  return path === "" ? [] : path.slice(1).split("/");
}
