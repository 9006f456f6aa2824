import type { Secret, SecretSelection } from "../../resources/index.ts";
import { readResource, readSecrets, type FactReader } from "../pass/facts.ts";
import { selectorMistake, selects } from "../references/label-selector.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** The Secrets of a namespace that a policy takes credentials from, by name; of another type none. */
export function selectedSecrets(
  { names = [], selector }: SecretSelection,
  namespace: string,
  type: string,
  facts: FactReader,
): readonly Secret[] {
  const found = new Map<string, Secret>();
  for (const name of names) {
    const secret = readResource(facts, "Secret", namespace, name);
    if (secret?.type === type) found.set(name, secret);
  }
  const all = selector === undefined ? [] : readSecrets(facts, namespace);
  for (const secret of all) {
    const { name, labels = {} } = secret.metadata;
    if (secret.type === type && selects(selector!, labels)) found.set(name, secret);
  }
  return [...found.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** What is wrong with a selection; `path` is its own. Nothing that a selector selects needs to be there. */
export function selectionFindings(
  { names = [], selector }: SecretSelection,
  namespace: string,
  type: string,
  facts: FactReader,
  path: string,
): readonly Finding[] {
  const findings = names.flatMap((name, index) => {
    const secret = readResource(facts, "Secret", namespace, name);
    const at = `${path}.names[${index}]`;
    if (secret === undefined)
      return [makeFinding("RefNotFound", at, `there is no Secret ${namespace}/${name}`)];
    if (secret.type === type) return [];
    const message = `Secret ${namespace}/${name} has type ${secret.type}; it must be ${type}`;
    return [makeFinding("InvalidKind", at, message)];
  });
  const mistake = selector === undefined ? null : selectorMistake(selector);
  if (mistake === null) return findings;
  return [...findings, makeFinding("UnsupportedValue", `${path}.selector.${mistake.path}`, mistake.message)];
}

/** The entries of a Secret as text, by name. */
export function entriesOf({ data }: Secret): readonly (readonly [name: string, text: string])[] {
  return Object.keys(data)
    .sort()
    .map((name) => [name, Buffer.from(data[name]!, "base64").toString("utf8")]);
}

/** A selection as part of a data unit's name, and back. Policies that select the same share one. */
export const selectionName = (namespace: string, selection: SecretSelection): string =>
  `${namespace}/${encodeURIComponent(JSON.stringify([selection.names ?? [], selection.selector ?? null]))}`;

export function parseSelectionName(name: string): { namespace: string; selection: SecretSelection } {
  const slash = name.indexOf("/");
  const text = decodeURIComponent(name.slice(slash + 1));
  const [names, selector] = JSON.parse(text) as [string[], SecretSelection["selector"] | null];
  return {
    namespace: name.slice(0, slash),
    selection: { names, ...(selector !== null && selector !== undefined && { selector }) },
  };
}
