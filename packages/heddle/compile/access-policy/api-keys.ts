import type { CredentialSource } from "@heddle/filters";
import { apiKeysSecretType, parseKey, type ApiKeysSpec } from "../../resources/index.ts";
import { apiKeysUnit, apiKeyWarnings } from "../credentials/api-keys.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { selectionFindings } from "../credentials/selected-secrets.ts";
import type { Member } from "./member.ts";

const path = "spec.authentication.apiKeys.secrets";

/** API keys. */
export const apiKeysMember: Member<"authentication"> = (
  { apiKeys },
  { policy, facts },
): RequestFilters | null => {
  if (apiKeys === undefined) return null;
  const { secrets, from, format, forward } = apiKeys;
  const { namespace } = parseKey(policy);
  const keys = apiKeysUnit(namespace, secrets);
  const config = {
    sources: from.map(sourceOf),
    keys,
    format: format === "Any" ? ("any" as const) : ("heddle" as const),
    isForwarded: forward,
  };
  return {
    filters: [{ stage: "authentication", spec: { name: "api-key", config } }],
    data: [keys],
    findings: selectionFindings(secrets, namespace, apiKeysSecretType, facts, path),
    warnings: apiKeyWarnings(secrets, namespace, facts, path),
  };
};

function sourceOf({ header, query }: ApiKeysSpec["from"][number]): CredentialSource {
  if (header === undefined) return { in: "query", name: query!, scheme: "" };
  return { in: "header", name: header.name.toLowerCase(), scheme: header.scheme ?? "" };
}
