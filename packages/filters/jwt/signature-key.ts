import { constants, createHmac, timingSafeEqual, verify } from "node:crypto";
import type { KeyObject, VerifyKeyObjectInput } from "node:crypto";

/** How node:crypto is asked for a signature of JSON Web Algorithms (RFC 7518 section 3, RFC 8037, RFC 9864). */
interface Scheme {
  readonly hash: string | null;
  readonly kind: "rsa" | "pss" | "ec" | "ed" | "hmac";
  /** Octets of a signature; 0: the key says. */
  readonly length: number;
}

const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ["RS256", { hash: "sha256", kind: "rsa", length: 0 }],
  ["RS384", { hash: "sha384", kind: "rsa", length: 0 }],
  ["RS512", { hash: "sha512", kind: "rsa", length: 0 }],
  ["PS256", { hash: "sha256", kind: "pss", length: 0 }],
  ["PS384", { hash: "sha384", kind: "pss", length: 0 }],
  ["PS512", { hash: "sha512", kind: "pss", length: 0 }],
  ["ES256", { hash: "sha256", kind: "ec", length: 64 }],
  ["ES384", { hash: "sha384", kind: "ec", length: 96 }],
  ["ES512", { hash: "sha512", kind: "ec", length: 132 }],
  ["EdDSA", { hash: null, kind: "ed", length: 64 }],
  ["Ed25519", { hash: null, kind: "ed", length: 64 }],
  ["HS256", { hash: "sha256", kind: "hmac", length: 32 }],
  ["HS384", { hash: "sha384", kind: "hmac", length: 48 }],
  ["HS512", { hash: "sha512", kind: "hmac", length: 64 }],
]);

/** A key for one algorithm: nothing that a token says makes it a key of another. */
export class SignatureKey {
  private readonly scheme: Scheme;
  private readonly key: KeyObject;
  private readonly input: VerifyKeyObjectInput;

  /** Throws for an algorithm that is not known, or a key of another kind. */
  constructor(algorithm: string, key: KeyObject) {
    const scheme = schemes.get(algorithm);
    if (scheme === undefined || (scheme.kind === "hmac") !== (key.type === "secret"))
      throw new Error(`no key for ${algorithm}`);
    this.scheme = scheme;
    this.key = key;
    this.input = inputOf(scheme, key);
  }

  /**
   * Whether the signature is this key's. At once, in this thread: for keys of usual sizes that takes less than handing
   * it to another one (ADR 28).
   */
  verify(data: Buffer, signature: Buffer): boolean {
    const { hash, kind, length } = this.scheme;
    if (length !== 0 && signature.length !== length) return false;
    if (kind === "hmac") return timingSafeEqual(createHmac(hash!, this.key).update(data).digest(), signature);
    return verify(hash, data, this.input, signature);
  }
}

function inputOf({ kind }: Scheme, key: KeyObject): VerifyKeyObjectInput {
  switch (kind) {
    case "ec":
      return { key, dsaEncoding: "ieee-p1363" };
    case "pss":
      return {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      };
    case "rsa":
      return { key, padding: constants.RSA_PKCS1_PADDING };
    default:
      return { key };
  }
}
