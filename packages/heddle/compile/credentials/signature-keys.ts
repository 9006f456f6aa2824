import { createPublicKey } from "node:crypto";
import type { SignatureKey, SignatureKeyTable } from "@heddle/filters";
import {
  parseSignatureKeyEntry,
  signatureKeysSecretType,
  type SecretSelection,
  type SignatureAlgorithmName,
} from "../../resources/index.ts";
import type { DataSource } from "../data/data-source.ts";
import type { FactReader } from "../pass/facts.ts";
import { entriesOf, parseSelectionName, selectedSecrets, selectionName } from "./selected-secrets.ts";
import { rsaMistake } from "./rsa-key.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** The data unit with the keys of a selection of Secrets. */
export const signatureKeysUnit = (namespace: string, selection: SecretSelection): string =>
  `signature-keys/${selectionName(namespace, selection)}`;

export const signatureKeysSource: DataSource = {
  prefix: "signature-keys",
  compile(name, facts): SignatureKeyTable {
    const { namespace, selection } = parseSelectionName(name);
    return { keys: readKeys(selection, namespace, facts).keys };
  },
};

/** Entries that are no keys. The others hold. */
export function signatureKeyWarnings(
  selection: SecretSelection,
  namespace: string,
  facts: FactReader,
  path: string,
): readonly Finding[] {
  return readKeys(selection, namespace, facts).mistakes.map((one) => makeFinding("InvalidKeys", path, one));
}

interface Reading {
  readonly keys: readonly SignatureKey[];
  readonly mistakes: readonly string[];
}

function readKeys(selection: SecretSelection, namespace: string, facts: FactReader): Reading {
  const keys = new Map<string, SignatureKey>();
  const mistakes: string[] = [];
  for (const secret of selectedSecrets(selection, namespace, signatureKeysSecretType, facts)) {
    for (const [name, text] of entriesOf(secret)) {
      const entry = parseSignatureKeyEntry(name, text);
      const mistake = typeof entry === "string" ? entry : (keyMistake(entry) ?? doubled(entry.keyId, keys));
      if (mistake === null) keys.set((entry as SignatureKey).keyId, entry as SignatureKey);
      else {
        const of = `${JSON.stringify(name)} of Secret ${namespace}/${secret.metadata.name}`;
        mistakes.push(`entry ${of} ${mistake}; it is not taken`);
      }
    }
  }
  return { keys: [...keys.values()], mistakes };
}

const doubled = (keyId: string, keys: ReadonlyMap<string, unknown>): string | null =>
  keys.has(keyId) ? "has a keyId that another entry has" : null;

const keyTypes: Readonly<Record<SignatureAlgorithmName, readonly string[]>> = {
  "hmac-sha256": [],
  "rsa-pss-sha512": ["rsa", "rsa-pss"],
  "rsa-v1_5-sha256": ["rsa"],
  "ecdsa-p256-sha256": ["ec prime256v1"],
  "ecdsa-p384-sha384": ["ec secp384r1"],
  ed25519: ["ed25519"],
};

/** What keeps a public key from being used with its algorithm. */
function keyMistake({
  algorithm,
  material,
}: {
  algorithm: SignatureAlgorithmName;
  material: string;
}): string | null {
  if (algorithm === "hmac-sha256") return null;
  if (material.includes("PRIVATE KEY")) return "has a private key in publicKey; give the public one";
  try {
    const key = createPublicKey(material);
    const { namedCurve } = key.asymmetricKeyDetails ?? {};
    const type = namedCurve === undefined ? key.asymmetricKeyType : `${key.asymmetricKeyType} ${namedCurve}`;
    if (!keyTypes[algorithm].includes(type ?? ""))
      return `has a key of type ${type}, which is none of ${algorithm}`;
    const mistake = algorithm.startsWith("rsa") ? rsaMistake(key) : null;
    return mistake === null ? null : `has an RSA key that ${mistake}`;
  } catch {
    return "has no public key in PEM in publicKey";
  }
}
