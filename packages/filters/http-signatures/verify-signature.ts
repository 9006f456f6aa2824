import { constants, createHmac, timingSafeEqual, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { SignatureAlgorithm } from "./config.ts";

/** Whether `signature` is of `base` by `key` (RFC 9421 section 3.3). Never throws: what cannot be checked is not good. */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  base: string,
  signature: Uint8Array,
): boolean {
  const data = Buffer.from(base, "latin1");
  try {
    switch (algorithm) {
      case "hmac-sha256": {
        const expected = createHmac("sha256", key).update(data).digest();
        return expected.length === signature.length && timingSafeEqual(expected, signature);
      }
      case "rsa-pss-sha512": {
        const padding = constants.RSA_PKCS1_PSS_PADDING;
        return verify("sha512", data, { key, padding, saltLength: 64 }, signature);
      }
      case "rsa-v1_5-sha256":
        return verify("sha256", data, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
      case "ecdsa-p256-sha256":
        return (
          signature.length === 64 && verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature)
        );
      case "ecdsa-p384-sha384":
        return (
          signature.length === 96 && verify("sha384", data, { key, dsaEncoding: "ieee-p1363" }, signature)
        );
      case "ed25519":
        return signature.length === 64 && verify(null, data, key, signature);
    }
  } catch {
    return false;
  }
}
