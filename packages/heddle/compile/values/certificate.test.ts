import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCertificateAuthority } from "@heddle/testkit";
import type { Secret } from "../../resources/index.ts";
import { readCertificate } from "./certificate.ts";

function secretOf(cert: string, key: string): Secret {
  const data = {
    "tls.crt": Buffer.from(cert).toString("base64"),
    "tls.key": Buffer.from(key).toString("base64"),
  };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "a", namespace: "default" },
    type: "kubernetes.io/tls",
    data,
  };
}

const mistakeOf = (secret: Secret) => {
  const result = readCertificate(secret);
  return "mistake" in result ? result.mistake : null;
};

test("names and validity come from the first certificate; the chain goes with it", async () => {
  const authority = await makeCertificateAuthority();
  const leaf = await authority.issue({
    names: ["Shop.example", "*.shop.example", "127.0.0.1", "spiffe://a/b"],
  });
  const result = readCertificate(secretOf(leaf.cert + authority.cert, leaf.key));
  assert.ok(!("mistake" in result));
  assert.deepEqual(result.unit.dnsNames, ["shop.example", "*.shop.example"]);
  assert.equal(result.unit.name, "default/a");
  assert.equal(result.unit.certificatePem, leaf.cert + authority.cert);
  assert.ok(result.validFromMs < Date.now() && Date.now() < result.validToMs);
});

test("a chain with a malformed certificate in it is refused by number", async () => {
  const authority = await makeCertificateAuthority();
  const leaf = await authority.issue({ names: ["a.example"] });
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  assert.match(mistakeOf(secretOf(leaf.cert + broken, leaf.key))!, /certificate 2 of 2 is malformed/);
});

test("the certificates must not come in the wrong order", async () => {
  const authority = await makeCertificateAuthority();
  const leaf = await authority.issue({ names: ["a.example"] });
  assert.match(mistakeOf(secretOf(authority.cert + leaf.cert, leaf.key))!, /not the key of the first/);
});

/** RSA with 1024 bits, self-signed: the key of no one. */
const weakCertificate = `-----BEGIN CERTIFICATE-----
MIICDDCCAXWgAwIBAgIUalU6BshEYA4JZ0ucG2KWlaIyZFIwDQYJKoZIhvcNAQEL
BQAwFzEVMBMGA1UEAwwMd2Vhay5leGFtcGxlMCAXDTI2MTEyNDA0MDYyN1oYDzIx
MjYxMDMxMDQwNjI3WjAXMRUwEwYDVQQDDAx3ZWFrLmV4YW1wbGUwgZ8wDQYJKoZI
hvcNAQEBBQADgY0AMIGJAoGBANvpsg/Q8VVKRSTKdCXrWUOqIak4R7eEyDls0HOT
fKkQj9DugYlH/L3iyD1N9q4zsI3Wyk/2xFkxpYjQZGRrCphkNOlwpUas7WDXkAAY
EByF6E6nJ3C5FCK9zcNL4OAMfgVRvmd8owjLnVBfRcw4+1C3MpWlAKspapoIITCB
ezjnAgMBAAGjUzBRMB0GA1UdDgQWBBSOjXq1uq+BKFy7oyul14iZDv6vjzAfBgNV
HSMEGDAWgBSOjXq1uq+BKFy7oyul14iZDv6vjzAPBgNVHRMBAf8EBTADAQH/MA0G
CSqGSIb3DQEBCwUAA4GBAACojre+7xTO3AMJ4tH83hIGBXInKQrJxpUzw9EG+nFY
cn8fFu15T5btUTdjDQb0sDLhJLdxnYg2QSxl4IZglPxiw/1ell+X9uyBisyaK//X
/jHhHnrvbbLu6eUYHVJ82xi8swbPVPARuH46L/gDnt66v1MJA0wxAH3lN8OlNy0B
-----END CERTIFICATE-----
`;

test("a key that TLS refuses as too weak is named before it is served", () => {
  assert.match(mistakeOf(secretOf(weakCertificate, "x"))!, /rsa key has 1024 bits, minimum 2048/);
});
