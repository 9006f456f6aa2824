import "reflect-metadata";
import assert from "node:assert/strict";
import { createHash, webcrypto } from "node:crypto";
import { test } from "node:test";
import * as x509 from "@peculiar/x509";
import { makeKeyPem, readKey } from "./certificate-key.ts";
import { makeSigningRequest, makeValidationCertificate, renewalId } from "./certificate-requests.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

test("RFC 9773 section 4.1: the example's key identifier and serial number give its renewal id", async () => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "0087654321",
    name: "CN=example",
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.AuthorityKeyIdentifierExtension("69885b6b87464041e1b37b847ba0ae2cde01c8d4")],
  });
  assert.equal(renewalId(certificate.toString("pem")), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
});

test("a certificate without a key identifier of its authority has no renewal id", async () => {
  const { certificatePem } = await makeValidationCertificate("a.example", "token.thumb", Date.now());
  assert.equal(renewalId(certificatePem), null);
  assert.equal(renewalId("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), null);
});

test("RFC 8737 section 3: one name, and the digest of the key authorization in a critical extension", async () => {
  const { certificatePem } = await makeValidationCertificate("a.example", "token.thumb", Date.now());
  const certificate = new x509.X509Certificate(certificatePem);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)!.names.items;
  assert.deepEqual(
    names.map(({ type, value }) => [type, value]),
    [["dns", "a.example"]],
  );
  const extension = certificate.getExtension("1.3.6.1.5.5.7.1.31")!;
  assert.equal(extension.critical, true);
  const digest = createHash("sha256").update("token.thumb").digest("hex");
  assert.equal(Buffer.from(extension.value).toString("hex"), `0420${digest}`);
});

for (const keyType of ["ecdsa-p256", "ecdsa-p384", "rsa-2048"] as const) {
  test(`RFC 8555 section 7.4: a request of a key ${keyType} is signed by it and has the names alone`, async () => {
    const key = await readKey(await makeKeyPem(keyType));
    const csr = await makeSigningRequest(["a.example", "b.example"], key);
    assert.match(csr, /^[A-Za-z0-9_-]+$/);
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(csr, "base64url"));
    assert.equal(await request.verify(), true);
    assert.equal(request.subject, "");
    const names = request.extensions.find((one) => one instanceof x509.SubjectAlternativeNameExtension)!;
    assert.deepEqual(
      names.names.items.map(({ value }) => value),
      ["a.example", "b.example"],
    );
  });
}
