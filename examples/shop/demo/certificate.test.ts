import assert from "node:assert";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { makeCertificate } from "./certificate.ts";

test("the certificate is its own root, for its names and its days, with its key", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const made = makeCertificate(["shop.localhost", "api.shop.localhost"], nowMs);
  const certificate = new X509Certificate(made.certificatePem);
  assert.ok(certificate.ca);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(made.privateKeyPem)));
  assert.strictEqual(certificate.subjectAltName, "DNS:shop.localhost, DNS:api.shop.localhost");
  assert.strictEqual(certificate.checkHost("api.shop.localhost"), "api.shop.localhost");
  assert.strictEqual(certificate.checkHost("other.localhost"), undefined);
  assert.strictEqual(Date.parse(certificate.validFrom), Date.UTC(2025, 11, 31));
  assert.strictEqual(Date.parse(certificate.validTo), Date.UTC(2026, 0, 8));
});

test("two certificates have different serial numbers", () => {
  const serials = [1, 2].map(
    () => new X509Certificate(makeCertificate(["a"], 0).certificatePem).serialNumber,
  );
  assert.notStrictEqual(serials[0], serials[1]);
});
