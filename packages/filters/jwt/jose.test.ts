import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { RecordingContext } from "../filter-run.suite.ts";
import { goodClaims, issuer, nowS } from "./token-maker.suite.ts";
import { JwtVerifier } from "./verifier.ts";

const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

for (const alg of algorithms) {
  test(`a token that jose signs with ${alg} is good, and with one octet of its signature changed is not`, async () => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const token = await new SignJWT(goodClaims).setProtectedHeader({ alg, kid: "k" }).sign(privateKey);
    const data = new RecordingContext().data("keys");
    data.set({ keys: [{ kid: "k", algorithms: [alg], jwk: { ...(await exportJWK(publicKey)) } }] });
    const verifier = new JwtVerifier({ issuers: [{ ...issuer, algorithms }] }, [data]);
    assert.equal(verifier.judge(token, nowS * 1000).outcome, "accepted");
    const [head, body, mac] = token.split(".");
    const bytes = Buffer.from(mac!, "base64url");
    bytes[40]! ^= 1;
    const forged = `${head}.${body}.${bytes.toString("base64url")}`;
    assert.equal(verifier.judge(forged, nowS * 1000).outcome, "refused");
  });
}
