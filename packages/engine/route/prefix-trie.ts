import type { RequestHead } from "../message/index.ts";
import { firstThatHolds } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { copyInSteps } from "./copy-in-steps.ts";
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

  constructor(owner: NodeOwner, candidates: Candidate<T>[]) {
    this.owner = owner;
    this.candidates = candidates;
    this.update(candidates);
  }

  update(candidates: Candidate<T>[]): void {
    this.candidates = candidates;
    this.sure = candidates.length > 0 && candidates[0].isUnconditional ? candidates[0] : null;
  }

  get isEmpty(): boolean {
    return this.candidates.length === 0 && (this.children === null || this.children.size === 0);
  }
}

/** Puts a candidate below a root that is the owner's, in steps: wide nodes that are shared are copied. */
export function* insertPrefix<T>(root: PrefixNode<T>, candidate: Candidate<T>): Generator<void> {
  const way = yield* ownWay(root, segmentsOf(candidate.path));
  const node = way[way.length - 1];
  node.update(withCandidate(node.candidates, candidate, root.owner.isDerived));
}

/** Takes out one that is there; nodes that hold nothing any more go with it. */
export function* removePrefix<T>(root: PrefixNode<T>, candidate: Candidate<T>): Generator<void> {
  const segments = segmentsOf(candidate.path);
  const way = yield* ownWay(root, segments);
  const node = way[way.length - 1];
  node.update(without(node.candidates, candidate));
  for (let at = segments.length; at > 0 && way[at].isEmpty; at--) {
    way[at - 1].children!.delete(segments[at - 1]);
  }
}

/** The nodes along segments, all of the root's owner: copies of shared ones, and new ones where there were none. */
function* ownWay<T>(root: PrefixNode<T>, segments: readonly string[]): Generator<void, PrefixNode<T>[]> {
  const { owner } = root;
  let node = root;
  const way = [node];
  for (const segment of segments) {
    node.children ??= new Map();
    let child = node.children.get(segment);
    if (child?.owner !== owner) {
      child = child === undefined ? new PrefixNode<T>(owner, []) : yield* copyNode(child, owner);
      node.children.set(segment, child);
    }
    node = child;
    way.push(node);
  }
  return way;
}

export function* copyNode<T>(node: PrefixNode<T>, owner: NodeOwner): Generator<void, PrefixNode<T>> {
  const copy = new PrefixNode<T>(owner, node.candidates);
  if (node.children !== null) copy.children = yield* copyInSteps(node.children);
  return copy;
}

/** The first that holds, of the longest prefix that has one. `start` is that of the segment below the node. */
export function findByPrefix<T>(
  node: PrefixNode<T>,
  head: RequestHead,
  path: string,
  start: number,
): Candidate<T> | null {
  if (node.children !== null) {
    const slash = path.indexOf("/", start);
    const child = node.children.get(path.slice(start, slash < 0 ? path.length : slash));
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
