import { createPublicKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import type { KeyData, KeySetData } from "@heddle/filters";
import type { TokenAlgorithm } from "../../resources/index.ts";
import { rsaMistake } from "./rsa-key.ts";

/** Bounds of threats 20. */
export const MAX_KEY_SET_BYTES = 262_144;
export const MAX_KEYS = 64;

export interface KeySetReading {
  /** It may have no keys: RFC 7517 asks for none, and has readers ignore those that they do not understand. */
  readonly data: KeySetData;
  /** Why keys were left out, without anything of them. */
  readonly skipped: readonly string[];
}

/**
 * The keys of a JSON Web Key Set (RFC 7517), or of public keys in PEM, that tokens may be signed with; or why it is no
 * set, or one without such a key, in one sentence without anything of the keys. Each is for the algorithms of its own
 * type, and only for the one that it names. Only members that make a public key are kept. `takesSecrets`: shared secrets
 * are taken too.
 */
export function readKeySet(text: string, takesSecrets: boolean): KeySetReading | string {
  const reading = readAnyKeySet(text, takesSecrets);
  return typeof reading === "string" ? reading : (noKeysMistake(reading) ?? reading);
}

/** The same, where a set without a key to sign with is one too. */
export function readAnyKeySet(text: string, takesSecrets: boolean): KeySetReading | string {
  if (Buffer.byteLength(text) > MAX_KEY_SET_BYTES) return `has more than ${MAX_KEY_SET_BYTES} bytes`;
  const found = text.trimStart().startsWith("-----BEGIN") ? readPem(text) : readJwks(text);
  if (typeof found === "string") return found;
  if (found.length > MAX_KEYS) return `has ${found.length} keys; at most ${MAX_KEYS} are taken`;
  const keys: KeyData[] = [];
  const skipped: string[] = [];
  for (const [index, jwk] of found.entries()) {
    const key = readKey(jwk, takesSecrets);
    if (typeof key === "string") skipped.push(`key ${index} ${key}`);
    else keys.push(key);
  }
  return { data: { keys }, skipped };
}

/** Why a set has no key to sign with; null where it has one. */
export function noKeysMistake({ data, skipped }: KeySetReading): string | null {
  if (data.keys.length > 0) return null;
  return skipped.length === 0 ? "has no keys" : `has no key for signatures: ${skipped.join(", ")}`;
}

type Jwk = Readonly<Record<string, unknown>>;

function readJwks(text: string): Jwk[] | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "is no JSON";
  }
  const keys = isRecord(value) ? value["keys"] : undefined;
  if (!Array.isArray(keys)) return 'is no JSON Web Key Set: it has no list "keys"';
  return keys.map((key) => (isRecord(key) ? key : {}));
}

const isRecord = (value: unknown): value is Jwk =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const pemBlock = /-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/g;

function readPem(text: string): Jwk[] | string {
  const blocks = text.match(pemBlock) ?? [];
  if (blocks.length === 0) return "has no PUBLIC KEY block";
  try {
    return blocks.map((block) => ({ ...createPublicKey(block).export({ format: "jwk" }) }));
  } catch {
    return "has a PUBLIC KEY block that is no key";
  }
}

/** The members of a public key, by its type (RFC 7518 section 6, RFC 8037). */
const publicMembers: Readonly<Record<string, readonly string[]>> = {
  RSA: ["kty", "n", "e"],
  EC: ["kty", "crv", "x", "y"],
  OKP: ["kty", "crv", "x"],
};

const rsaAlgorithms: readonly TokenAlgorithm[] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const curveAlgorithms: Readonly<Record<string, readonly TokenAlgorithm[]>> = {
  "P-256": ["ES256"],
  "P-384": ["ES384"],
  "P-521": ["ES512"],
  Ed25519: ["EdDSA", "Ed25519"],
};
/** Octets that a secret must have at least (RFC 7518 section 3.2). */
const secretOctets: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

function readKey(jwk: Jwk, takesSecrets: boolean): KeyData | string {
  const { kty, use, key_ops: operations, kid, alg } = jwk;
  if (use !== undefined && use !== "sig") return "is not for signatures";
  const isForOthers = !Array.isArray(operations) || !operations.includes("verify");
  if (operations !== undefined && isForOthers) return "is not for signatures";
  const id = typeof kid === "string" ? kid : "";
  if (kty === "oct") return takesSecrets ? readSecret(jwk, id) : "is a shared secret; put it into a Secret";
  const names = typeof kty === "string" && Object.hasOwn(publicMembers, kty) ? publicMembers[kty]! : null;
  if (names === null) return "is of a type that is not known";
  const own = Object.fromEntries(names.map((name) => [name, jwk[name]]));
  const possible = kty === "RSA" ? rsaAlgorithms : curveAlgorithms[String(own["crv"])];
  if (possible === undefined) return "is on a curve that is not known";
  const mistake = keyMistake(own);
  if (mistake !== null) return mistake;
  if (alg === undefined) return { kid: id, algorithms: possible, jwk: own };
  const named = possible.filter(
    (one) => one === alg || (kty === "OKP" && (alg === "EdDSA" || alg === "Ed25519")),
  );
  return named.length === 0
    ? "is for an algorithm that is not taken"
    : { kid: id, algorithms: named, jwk: own };
}

function keyMistake(jwk: Jwk): string | null {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk as JsonWebKeyInput["key"], format: "jwk" });
  } catch {
    return "is broken";
  }
  return key.asymmetricKeyType === "rsa" ? rsaMistake(key) : null;
}

function readSecret({ k, alg }: Jwk, kid: string): KeyData | string {
  const least = typeof alg === "string" && Object.hasOwn(secretOctets, alg) ? secretOctets[alg]! : 0;
  if (least === 0) return "is a shared secret without its alg";
  if (typeof k !== "string" || Buffer.from(k, "base64url").length < least)
    return `is a shared secret of less than ${least} octets`;
  return { kid, algorithms: [alg as TokenAlgorithm], jwk: { kty: "oct", k } };
}
