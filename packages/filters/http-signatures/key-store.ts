import { createPublicKey, createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { DataRef } from "@heddle/engine/filter";
import type { Principal } from "@heddle/engine/message";
import type { SignatureAlgorithm, SignatureKey, SignatureKeyTable } from "./config.ts";

export interface StoredKey {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  readonly key: KeyObject;
  readonly principal: Principal;
  /** Infinity for never. */
  readonly expiresMs: number;
}

/** The keys of a data unit, each made ready when it is first asked for. */
export class KeyStore {
  private readonly data: DataRef;
  private readonly method: string;
  private version = -1;
  private readonly plain = new Map<string, SignatureKey>();
  private readonly ready = new Map<string, StoredKey | null>();

  /** `method`: of the principals. */
  constructor(data: DataRef, method: string) {
    this.data = data;
    this.method = method;
  }

  /** Null where there is none of that id. */
  find(keyId: string): StoredKey | null {
    if (this.version !== this.data.version) this.reload();
    const found = this.ready.get(keyId);
    if (found !== undefined) return found;
    const plain = this.plain.get(keyId);
    if (plain === undefined) return null;
    const made = prepare(plain, this.method);
    this.ready.set(keyId, made);
    return made;
  }

  private reload(): void {
    this.version = this.data.version;
    this.plain.clear();
    this.ready.clear();
    const table = this.data.value as SignatureKeyTable | undefined;
    for (const key of table?.keys ?? []) this.plain.set(key.keyId, key);
  }
}

/** What each algorithm is used with: compile has seen to it, and what came is looked at again. */
const keyTypes: Readonly<Record<SignatureAlgorithm, readonly string[]>> = {
  "hmac-sha256": [],
  "rsa-pss-sha512": ["rsa", "rsa-pss"],
  "rsa-v1_5-sha256": ["rsa"],
  "ecdsa-p256-sha256": ["ec prime256v1"],
  "ecdsa-p384-sha384": ["ec secp384r1"],
  ed25519: ["ed25519"],
};

function prepare(plain: SignatureKey, method: string): StoredKey | null {
  const { keyId, algorithm, expiresMs } = plain;
  const key = readKey(plain);
  if (key === null) return null;
  const principal = principalOf(plain, method);
  return { keyId, algorithm, key, principal, expiresMs: expiresMs === 0 ? Infinity : expiresMs };
}

function readKey({ algorithm, material }: SignatureKey): KeyObject | null {
  try {
    if (algorithm === "hmac-sha256") return createSecretKey(material, "base64");
    const key = createPublicKey(material);
    const curve = key.asymmetricKeyDetails?.namedCurve;
    const type = curve === undefined ? key.asymmetricKeyType : `${key.asymmetricKeyType} ${curve}`;
    return keyTypes[algorithm].includes(type ?? "") ? key : null;
  } catch {
    return null;
  }
}

function principalOf({ keyId, consumer, scopes, metadata }: SignatureKey, method: string): Principal {
  const claims: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(metadata)) claims[name] = value;
  claims["scope"] = scopes.join(" ");
  claims["key_id"] = keyId;
  return Object.freeze({ subject: consumer, issuer: "", method, claims: Object.freeze(claims) });
}
