import { readEntryObject, readOwner, type CredentialOwner } from "./credential-entry.ts";

/** The type of Secrets with API keys: each entry is one, by what may be shown of it. */
export const apiKeysSecretType = "heddle.dev/api-keys";

/**
 * One API key as a Secret holds it, as JSON:
 *
 *   {"hash": "sha256:<64 hex digits>", "consumer": "mobile", "scopes": ["orders:read"],
 *    "expires": "2027-01-31T00:00:00Z", "created": "2026-11-28T12:00:00Z", "metadata": {"plan": "gold"}}
 *
 * `hash` and `consumer` must be there. The hash is that of the whole key, as `printf %s KEY | sha256sum` gives it.
 */
export interface ApiKeyEntry extends CredentialOwner {
  /** SHA-256 of the key, base64url. */
  readonly digest: string;
}

const hashText = /^sha256:([0-9a-f]{64})$/;

/** An entry, or what is wrong with it: never with anything of the entry in it. */
export function parseApiKeyEntry(text: string): ApiKeyEntry | string {
  const fields = readEntryObject(text, ["hash"]);
  if (typeof fields === "string") return fields;
  const { hash } = fields;
  const match = typeof hash === "string" ? hashText.exec(hash) : null;
  if (match === null)
    return 'hash must be "sha256:" and 64 hex digits in lower case: what sha256sum says of the key';
  const owner = readOwner(fields);
  if (typeof owner === "string") return owner;
  return { ...owner, digest: Buffer.from(match[1]!, "hex").toString("base64url") };
}

/** The text of an entry that `parseApiKeyEntry` reads. */
export interface ApiKeyEntryFields {
  readonly hash: string;
  readonly consumer: string;
  readonly scopes?: readonly string[];
  readonly expires?: string;
  readonly created?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}
