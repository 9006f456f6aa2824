import type { LabelSelector } from "../../resources/index.ts";

type Labels = Readonly<Record<string, string>>;
type Requirement = NonNullable<LabelSelector["matchExpressions"]>[number];

/** Whether labels fulfil a selector (`metav1.LabelSelector`): all of its entries hold; an empty one selects all. */
export function selects(selector: LabelSelector, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    matchExpressions.every((requirement) => holds(requirement, labels))
  );
}

function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function holds({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const label = labelOf(labels, key);
  switch (operator) {
    case "In":
      return label !== undefined && values.includes(label);
    case "NotIn":
      return label === undefined || !values.includes(label);
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    default:
      return false;
  }
}

/** What is wrong with a selector, as a field below it and a message, or null. */
export function selectorMistake(selector: LabelSelector): { path: string; message: string } | null {
  for (const [index, { operator, values = [] }] of (selector.matchExpressions ?? []).entries()) {
    const path = `matchExpressions[${index}]`;
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0)
        return { path: `${path}.values`, message: `must not be empty with operator ${operator}` };
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0)
        return { path: `${path}.values`, message: `must be empty with operator ${operator}` };
    } else {
      const message = `must be In, NotIn, Exists or DoesNotExist, got ${JSON.stringify(operator)}`;
      return { path: `${path}.operator`, message };
    }
  }
  return null;
}
