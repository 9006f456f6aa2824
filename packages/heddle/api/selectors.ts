import type { Resource } from "../resources/index.ts";

export type Matcher = (resource: Resource) => boolean;

/** Thrown for a selector that cannot be read; answered with 400. */
export class SelectorError extends Error {}

const requirement =
  /^\s*(?:(?<absent>!)\s*(?<absentKey>[\w./-]+)|(?<key>[\w./-]+)(?:\s*(?<operator>==|=|!=)\s*(?<value>[\w.-]*)|\s+(?<set>in|notin)\s*\((?<values>[^()]*)\))?)\s*$/;

/** A label selector as `kubectl -l` sends it: `a=b,c!=d,e in (f,g),h,!i`. */
export function parseLabelSelector(text: string): Matcher {
  const matchers = splitOutsideParentheses(text).map(parseRequirement);
  return ({ metadata }) => {
    const labels = new Map(Object.entries(metadata.labels ?? {}));
    return matchers.every((matches) => matches(labels));
  };
}

function splitOutsideParentheses(text: string): string[] {
  return text.trim() === "" ? [] : text.split(/,(?![^(]*\))/);
}

function parseRequirement(text: string): (labels: ReadonlyMap<string, string>) => boolean {
  const parts = requirement.exec(text)?.groups;
  if (parts === undefined) throw new SelectorError(`label selector ${JSON.stringify(text)} cannot be read`);
  const { absent, absentKey, key = "", operator, value = "", set, values = "" } = parts;
  if (absent !== undefined) return (labels) => !labels.has(absentKey!);
  if (operator === "!=") return (labels) => labels.get(key) !== value;
  if (operator !== undefined) return (labels) => labels.get(key) === value;
  if (set === undefined) return (labels) => labels.has(key);
  const allowed = new Set(values.split(",").map((one) => one.trim()));
  // A resource without the label is not in the set: `notin` selects it, as Kubernetes does.
  return (labels) => allowed.has(labels.get(key) ?? "\u0000") === (set === "in");
}

/** A field selector: `metadata.name=x,metadata.namespace!=y`. */
export function parseFieldSelector(text: string): Matcher {
  const matchers = text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(parseFieldRequirement);
  return (resource) => matchers.every((matches) => matches(resource));
}

function parseFieldRequirement(text: string): Matcher {
  const parts = /^\s*(?<field>[\w.]+)\s*(?<operator>==|=|!=)\s*(?<value>[^,]*?)\s*$/.exec(text)?.groups;
  const { field = "", operator = "", value = "" } = parts ?? {};
  if (field !== "metadata.name" && field !== "metadata.namespace") {
    throw new SelectorError(
      `field selector ${JSON.stringify(text)} is not served; use metadata.name or metadata.namespace`,
    );
  }
  const read: (resource: Resource) => string = ({ metadata }) =>
    (field === "metadata.name" ? metadata.name : metadata.namespace) ?? "";
  return (resource) => (read(resource) === value) === (operator !== "!=");
}
