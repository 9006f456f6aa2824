import { constants, createHmac, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { JwtIssuer, KeyData } from "./config.ts";

export const nowS = 1_800_000_000;

const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Key pairs of an issuer: made once, they take a while. */
export const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const ed25519 = generateKeyPairSync("ed25519");

export function keyData(kid: string, key: KeyObject, ...algorithms: readonly string[]): KeyData {
  return { kid, algorithms, jwk: { ...key.export({ format: "jwk" }) } };
}

/** Signs what it is given, whatever that is: header and claims as objects or as text. */
export function signToken(
  header: unknown,
  claims: unknown,
  key: KeyObject | Buffer,
  algorithm = "RS256",
): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signatureOf(Buffer.from(input), key, algorithm).toString("base64url")}`;
}

function signatureOf(input: Buffer, key: KeyObject | Buffer, algorithm: string): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  if (Buffer.isBuffer(key) || algorithm.startsWith("HS")) return createHmac(hash, key).update(input).digest();
  if (algorithm === "EdDSA") return sign(null, input, key);
  if (algorithm.startsWith("ES")) return sign(hash, input, { key, dsaEncoding: "ieee-p1363" });
  if (algorithm.startsWith("PS"))
    return sign(hash, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: -1 });
  return sign(hash, input, key);
}

export const goodHeader = { alg: "RS256", kid: "a", typ: "JWT" };
export const goodClaims = {
  iss: "https://id.example",
  sub: "alice",
  aud: "shop",
  exp: nowS + 300,
  iat: nowS - 10,
  scope: "read write",
  realm_access: { roles: ["clerk", "admin"] },
};

export const issuer: JwtIssuer = {
  issuer: "https://id.example",
  keySet: "keys",
  isRemote: false,
  algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
  audiences: ["shop"],
  types: ["", "jwt", "at+jwt"],
  requiredClaims: [],
  clockSkewMs: 30_000,
  from: [{ in: "header", name: "authorization", prefix: "Bearer " }],
  claimHeaders: [],
  forwards: true,
};

export const goodKeys = [
  keyData("a", rsa.publicKey, "RS256", "PS256"),
  keyData("e", p256.publicKey, "ES256"),
  keyData("d", ed25519.publicKey, "EdDSA", "Ed25519"),
];
