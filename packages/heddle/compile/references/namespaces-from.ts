import type { LabelSelector } from "../../resources/index.ts";
import { readResource, type FactReader } from "../pass/facts.ts";
import { selectorMistake, selects } from "./label-selector.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** Which namespaces a listener takes routes from, or a Gateway ListenerSets. */
export interface NamespacesFrom {
  readonly from: "All" | "Selector" | "Same" | "None";
  readonly selector?: LabelSelector | null | undefined;
}

/** Whether resources of `namespace` are taken by what stands in the namespace `own`. */
export function takesNamespace(
  { from, selector }: NamespacesFrom,
  own: string,
  namespace: string,
  facts: FactReader,
): boolean {
  switch (from) {
    case "All":
      return true;
    case "None":
      return false;
    case "Same":
      return namespace === own;
    case "Selector": {
      if (selector === undefined || selector === null) return false;
      const labels = readResource(facts, "Namespace", "", namespace)?.metadata.labels;
      // Kubernetes gives every namespace this label.
      return selects(selector, { ...labels, "kubernetes.io/metadata.name": namespace });
    }
  }
}

/** What is wrong with the selector; `path` is that of `namespaces`. */
export function selectorFinding({ from, selector }: NamespacesFrom, path: string): Finding | null {
  if (from !== "Selector") return null;
  const field = `${path}.selector`;
  if (selector === undefined || selector === null) {
    return makeFinding("UnsupportedValue", field, "must be given where from is Selector");
  }
  const mistake = selectorMistake(selector);
  return mistake && makeFinding("UnsupportedValue", `${field}.${mistake.path}`, mistake.message);
}
