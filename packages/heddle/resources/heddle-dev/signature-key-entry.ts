import { readEntryObject, readOwner, type CredentialOwner } from "./credential-entry.ts";

/** The type of Secrets with keys that requests are signed with: each entry is one. */
export const signatureKeysSecretType = "heddle.dev/signature-keys";

const signatureAlgorithms = [
  "hmac-sha256",
  "rsa-pss-sha512",
  "rsa-v1_5-sha256",
  "ecdsa-p256-sha256",
  "ecdsa-p384-sha384",
  "ed25519",
] as const;
export type SignatureAlgorithmName = (typeof signatureAlgorithms)[number];

/**
 * One key as a Secret holds it, as JSON:
 *
 *   {"algorithm": "ed25519", "publicKey": "-----BEGIN PUBLIC KEY-----…", "consumer": "acme"}
 *   {"algorithm": "hmac-sha256", "secret": "<base64>", "consumer": "acme", "keyId": "acme-1"}
 *
 * with scopes, expires, created and metadata as of API keys. `keyId` is by default the entry's name.
 */
export interface SignatureKeyEntry extends CredentialOwner {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithmName;
  /** PEM of a public key, or base64 of a secret. */
  readonly material: string;
}

/** Of HMAC with SHA-256 (RFC 2104 section 3: no shorter than the digest). */
const minSecretBytes = 32;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
const keyIdText = /^[ -~]{1,256}$/;

/** An entry, or what is wrong with it: never with anything of the entry in it. Whether a key is one compile finds out. */
export function parseSignatureKeyEntry(name: string, text: string): SignatureKeyEntry | string {
  const fields = readEntryObject(text, ["keyId", "algorithm", "publicKey", "secret"]);
  if (typeof fields === "string") return fields;
  const { keyId = name, publicKey, secret } = fields;
  const algorithm = signatureAlgorithms.find((one) => one === fields["algorithm"]);
  if (algorithm === undefined) return `algorithm must be one of ${signatureAlgorithms.join(", ")}`;
  if (typeof keyId !== "string" || !keyIdText.test(keyId))
    return "keyId must be 1 to 256 visible ASCII characters";
  const isSecret = algorithm === "hmac-sha256";
  const material = isSecret ? secret : publicKey;
  if (typeof material !== "string" || (isSecret ? publicKey : secret) !== undefined)
    return isSecret ? "must have secret, and no publicKey" : "must have publicKey, and no secret";
  if (isSecret && (!base64.test(material) || Buffer.from(material, "base64").length < minSecretBytes))
    return `secret must be base64 of at least ${minSecretBytes} bytes`;
  const owner = readOwner(fields);
  return typeof owner === "string" ? owner : { ...owner, keyId, algorithm, material };
}
