import { createPrivateKey, generateKeyPair, webcrypto, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { AcmeKeyType } from "../compile/index.ts";

const generate = promisify(generateKeyPair);

/** The key of a certificate: made here, sent nowhere. */
export interface CertificateKey {
  readonly pem: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly signingAlgorithm: { readonly name: string; readonly hash: string };
}

/** A new key; PKCS #8 in PEM. */
export async function makeKeyPem(type: AcmeKeyType): Promise<string> {
  const { privateKey } = type.startsWith("rsa-")
    ? await generate("rsa", { modulusLength: Number(type.slice("rsa-".length)) })
    : await generate("ec", { namedCurve: type === "ecdsa-p384" ? "P-384" : "P-256" });
  return (privateKey as KeyObject).export({ type: "pkcs8", format: "pem" }) as string;
}

/** The key in the form that the certificate library signs with. Throws for what is no private key. */
export async function readKey(pem: string): Promise<CertificateKey> {
  const key = createPrivateKey(pem);
  const isRsa = key.asymmetricKeyType === "rsa";
  const isP384 = key.asymmetricKeyDetails?.namedCurve === "secp384r1";
  const hash = isP384 ? "SHA-384" : "SHA-256";
  const algorithm = isRsa
    ? { name: "RSASSA-PKCS1-v1_5", hash }
    : { name: "ECDSA", namedCurve: isP384 ? "P-384" : "P-256" };
  const pkcs8 = key.export({ type: "pkcs8", format: "der" }) as Buffer<ArrayBuffer>;
  const privateKey = await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
  const {
    d: _,
    p: _p,
    q: _q,
    dp: _dp,
    dq: _dq,
    qi: _qi,
    ...jwk
  } = await webcrypto.subtle.exportKey("jwk", privateKey);
  const publicKey = await webcrypto.subtle.importKey(
    "jwk",
    { ...jwk, key_ops: ["verify"] },
    algorithm,
    true,
    ["verify"],
  );
  return { pem, keys: { privateKey, publicKey }, signingAlgorithm: { name: algorithm.name, hash } };
}
