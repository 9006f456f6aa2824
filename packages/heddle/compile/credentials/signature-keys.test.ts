import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type JsonWebKeyInput } from "node:crypto";
import { test } from "node:test";
import type { FactReader } from "../pass/facts.ts";
import { signatureKeyWarnings } from "./signature-keys.ts";

const rsaJwk = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });

/** What is said of an RSA key as the entry of a Secret. */
function warningsOf(jwk: JsonWebKeyInput["key"]): string {
  const publicKey = createPublicKey({ key: jwk, format: "jwk" }).export({ format: "pem", type: "spki" });
  const entry = JSON.stringify({ algorithm: "rsa-pss-sha512", publicKey, consumer: "shop" });
  const secret = {
    metadata: { name: "keys" },
    type: "heddle.dev/signature-keys",
    data: { one: Buffer.from(entry).toString("base64") },
  };
  const facts: FactReader = { read: () => secret };
  return signatureKeyWarnings({ names: ["keys"] }, "shop", facts, "spec")
    .map(({ message }) => message)
    .join();
}

test("an RSA key that everybody can sign by, or that is too short, is not taken", () => {
  assert.equal(warningsOf({ ...rsaJwk }), "");
  assert.match(warningsOf({ ...rsaJwk, e: "AQ" }), /exponent that makes no safe key; .* it is not taken/);
  assert.match(warningsOf({ ...weak }), /has 1024 bits/);
});
