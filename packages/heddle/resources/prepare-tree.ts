import { Alias, isAlias, isMap, isScalar, visit, type Document, type Node } from "yaml";

/** What is wrong with a tree, and where in the text. */
export interface TreeMistake {
  readonly message: string;
  readonly offset: number;
}

type Context = Parameters<Alias["resolve"]>[1];

/**
 * Readies the tree of a document to be read in a time that grows with its size: each alias knows its anchor, and keys of
 * maps are known to be unique. The library looks at all anchors for each alias, and at all keys for each key.
 */
export function prepareTree(document: Document.Parsed): TreeMistake[] {
  const mistakes: TreeMistake[] = [];
  const anchors = new Map<string, Node>();
  // Pre-order, as in the text: an alias stands for the last anchor of its name before it.
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) bind(node, anchors.get(node.source));
      else if (node.anchor !== undefined) anchors.set(node.anchor, node);
      if (!isMap(node)) return;
      for (const mistake of repeatedKeys(node.items)) mistakes.push(mistake);
    },
  });
  return mistakes;
}

/** The library's own way from there on, with its bound on what aliases stand for. */
function bind(alias: Alias, target: Node | undefined): void {
  alias.resolve = (document, context?: Context) => {
    if (context === undefined) return target as ReturnType<Alias["resolve"]>;
    context.aliasResolveCache = target === undefined ? [] : [target];
    const found = Alias.prototype.resolve.call(alias, document, context);
    const data = found === undefined ? undefined : context.anchors.get(found);
    // What holds nothing counts as something, or it would be counted anew for each alias.
    if (data?.aliasCount === 0) data.aliasCount = 1;
    return found;
  };
}

function* repeatedKeys(items: readonly { readonly key: unknown }[]): Generator<TreeMistake> {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) yield { message: "Map keys must be unique", offset: key.range?.[0] ?? 0 };
    seen.add(key.value);
  }
}
