import { createPublicKey, createSecretKey } from "node:crypto";
import type { JsonWebKeyInput } from "node:crypto";
import type { KeyData, KeySetData } from "./config.ts";
import { SignatureKey } from "./signature-key.ts";

/** Keys of one `kid`, or of none, that a token is tried with at most: each try costs as much as a good token. */
const MAX_TRIES = 4;

const none: readonly SignatureKey[] = [];

/** The keys of an issuer, by algorithm and id. The id is the key of a map and nothing else (threats 19). */
export class KeyRing {
  private readonly named = new Map<string, SignatureKey[]>();
  private readonly byAlgorithm = new Map<string, SignatureKey[]>();

  /** Of a data unit's value: who made it has checked that its keys are good. */
  constructor(data: KeySetData, algorithms: readonly string[]) {
    for (const key of data.keys) this.add(key, algorithms);
  }

  private add({ kid, algorithms, jwk }: KeyData, allowed: readonly string[]): void {
    const usable = algorithms.filter((algorithm) => allowed.includes(algorithm));
    if (usable.length === 0) return;
    const object =
      jwk["kty"] === "oct"
        ? createSecretKey(Buffer.from(jwk["k"] as string, "base64url"))
        : createPublicKey({ key: jwk as JsonWebKeyInput["key"], format: "jwk" });
    for (const algorithm of usable) {
      const key = new SignatureKey(algorithm, object);
      push(this.byAlgorithm, algorithm, key);
      if (kid !== "") push(this.named, `${algorithm} ${kid}`, key);
    }
  }

  /** Those that a token may have been signed with; none where its key is not known. */
  find(algorithm: string, keyId: string): readonly SignatureKey[] {
    const all = keyId === "" ? this.byAlgorithm.get(algorithm) : this.named.get(`${algorithm} ${keyId}`);
    return all === undefined || all.length > MAX_TRIES ? none : all;
  }
}

function push(map: Map<string, SignatureKey[]>, name: string, key: SignatureKey): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [key]);
  else list.push(key);
}
