import type { ApiKeyRecord, ApiKeyTable } from "@heddle/filters";
import { apiKeysSecretType, parseApiKeyEntry, type SecretSelection } from "../../resources/index.ts";
import type { DataSource } from "../data/data-source.ts";
import type { FactReader } from "../pass/facts.ts";
import { entriesOf, parseSelectionName, selectedSecrets, selectionName } from "./selected-secrets.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** The data unit with the API keys of a selection of Secrets. */
export const apiKeysUnit = (namespace: string, selection: SecretSelection): string =>
  `api-keys/${selectionName(namespace, selection)}`;

/** As `digestHeadLength` of the filter. */
const digestHeadLength = 22;

export const apiKeysSource: DataSource = {
  prefix: "api-keys",
  compile(name, facts): ApiKeyTable {
    const { namespace, selection } = parseSelectionName(name);
    const keys: Record<string, ApiKeyRecord> = {};
    for (const secret of selectedSecrets(selection, namespace, apiKeysSecretType, facts)) {
      for (const [id, text] of entriesOf(secret)) {
        const entry = parseApiKeyEntry(text);
        // It is told of by `apiKeyWarnings`; the key is not taken.
        if (typeof entry === "string") continue;
        const { digest, ...owner } = entry;
        // Of two entries with one key the first counts.
        keys[digest.slice(0, digestHeadLength)] ??= { rest: digest.slice(digestHeadLength), id, ...owner };
      }
    }
    return { keys };
  },
};

/** Entries that are no keys. The others hold: a mistake in one must not lock all out. */
export function apiKeyWarnings(
  selection: SecretSelection,
  namespace: string,
  facts: FactReader,
  path: string,
): readonly Finding[] {
  return selectedSecrets(selection, namespace, apiKeysSecretType, facts).flatMap((secret) =>
    entriesOf(secret).flatMap(([id, text]) => {
      const entry = parseApiKeyEntry(text);
      if (typeof entry !== "string") return [];
      const of = `${JSON.stringify(id)} of Secret ${namespace}/${secret.metadata.name}`;
      return [makeFinding("InvalidKeys", path, `entry ${of} ${entry}; it is not taken`)];
    }),
  );
}
