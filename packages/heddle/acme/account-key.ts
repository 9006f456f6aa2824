import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, FlattenedSign, type FlattenedJWS, type JWK } from "jose";

/** What the protected header of a request names beside the algorithm (RFC 8555 section 6.2). */
export interface SigningFacts {
  readonly url: string;
  readonly nonce: string;
  /** URL of the account; null where the server does not know the key yet: then the key itself is sent. */
  readonly account: string | null;
}

/** The key of an account: ECDSA P-256, and what is made with it. Never leaves the process but into its own file. */
export class AccountKey {
  private readonly key: KeyObject;
  private readonly jwk: JWK;
  /** RFC 7638, of the public key. */
  readonly thumbprint: string;

  private constructor(key: KeyObject, jwk: JWK, thumbprint: string) {
    this.key = key;
    this.jwk = jwk;
    this.thumbprint = thumbprint;
  }

  static generate(): Promise<AccountKey> {
    return AccountKey.of(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  }

  /** Throws for what is no such key in PEM; never quotes it. */
  static async parse(pem: string): Promise<AccountKey> {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new Error("not a key of curve P-256");
    return AccountKey.of(key);
  }

  private static async of(key: KeyObject): Promise<AccountKey> {
    const { kty, crv, x, y } = createPublicKey(key).export({ format: "jwk" });
    const jwk = { kty, crv, x, y } as JWK;
    return new AccountKey(key, jwk, await calculateJwkThumbprint(jwk));
  }

  toPem(): string {
    return this.key.export({ type: "pkcs8", format: "pem" }) as string;
  }

  /** RFC 8555 section 8.1 */
  keyAuthorization(token: string): string {
    return `${token}.${this.thumbprint}`;
  }

  /** A request's body. A null payload is a POST-as-GET (RFC 8555 section 6.3). */
  sign(payload: object | null, { url, nonce, account }: SigningFacts): Promise<FlattenedJWS> {
    const text = payload === null ? "" : JSON.stringify(payload);
    const who = account === null ? { jwk: this.jwk } : { kid: account };
    return new FlattenedSign(Buffer.from(text))
      .setProtectedHeader({ alg: "ES256", nonce, url, ...who })
      .sign(this.key);
  }

  /** Binds the account to one that the CA has given out otherwise (RFC 8555 section 7.3.4). */
  bindExternal(external: { keyId: string; hmacKey: string }, newAccountUrl: string): Promise<FlattenedJWS> {
    return new FlattenedSign(Buffer.from(JSON.stringify(this.jwk)))
      .setProtectedHeader({ alg: "HS256", kid: external.keyId, url: newAccountUrl })
      .sign(Buffer.from(external.hmacKey, "base64url"));
  }
}
