import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { validateResource } from "../index.ts";

const directory = "https://ca.example/directory";

function validate(spec: unknown) {
  return validateResource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "AcmeIssuer",
    metadata: { name: "ca" },
    spec,
  });
}

const isAccepted = (spec: unknown) => validate(spec).resource !== undefined;

describe("AcmeIssuer", () => {
  test("needs a directory only; terms are not agreed to by themselves", () => {
    assert.deepEqual(validate({ directory }).resource, {
      apiVersion: "heddle.dev/v1alpha1",
      kind: "AcmeIssuer",
      metadata: { name: "ca", namespace: "default" },
      spec: {
        directory,
        emails: [],
        termsOfServiceAgreed: false,
        challenges: ["http-01", "tls-alpn-01"],
        keyType: "ecdsa-p256",
      },
    });
    assert.equal(isAccepted({}), false);
  });

  test("a directory is asked over https, but on this machine", () => {
    const good = [directory, "https://10.0.0.1:9000/acme/acme/directory", "http://127.0.0.1:14000/dir"];
    const loopback = ["http://localhost:14000/dir", "http://[::1]:14000/dir", "http://127.8.0.1/dir"];
    for (const url of [...good, ...loopback]) assert.ok(isAccepted({ directory: url }), url);
    const clear = ["http://ca.example/directory", "http://10.0.0.1/dir", "http://localhost.evil.example/"];
    const odd = [
      "",
      "ca.example",
      "ftp://ca.example/",
      "https://user:pw@ca.example/",
      "https://ca.example/#a",
    ];
    for (const url of [...clear, ...odd]) assert.ok(!isAccepted({ directory: url }), url);
  });

  test("challenges, kinds of keys, addresses and times are what they are said to be", () => {
    const good = [
      { challenges: ["tls-alpn-01"] },
      { challenges: ["tls-alpn-01", "http-01"] },
      { keyType: "rsa-4096" },
      { emails: ["a@b.example", "c+d@e.example"] },
      { renewBefore: "720h" },
      { externalAccountBinding: { keyId: "kid", secretRef: { name: "eab" } } },
    ];
    for (const more of good) assert.ok(isAccepted({ directory, ...more }), JSON.stringify(more));
    const bad = [
      { challenges: [] },
      { challenges: ["dns-01"] },
      { challenges: ["http-01", "http-01"] },
      { keyType: "rsa-1024" },
      { emails: ["a@b.example,c@d.example"] },
      { emails: ["mailto:a@b.example?subject=x"] },
      { emails: ["nobody"] },
      { renewBefore: "30s" },
      { renewBefore: "30d" },
      { externalAccountBinding: { keyId: "", secretRef: { name: "eab" } } },
      { termsOfServiceAgreed: "yes" },
      { email: "a@b.example" },
    ];
    for (const more of bad) assert.ok(!isAccepted({ directory, ...more }), JSON.stringify(more));
  });
});
