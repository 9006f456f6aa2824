import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { MAX_KEY_SET_BYTES, readKeySet } from "./key-set.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const rsaJwk = { ...rsa.publicKey.export({ format: "jwk" }) };
const jwkOf = (type: "ec" | "ed25519" | "x25519", curve = "P-256") =>
  type === "ec"
    ? { ...generateKeyPairSync("ec", { namedCurve: curve }).publicKey.export({ format: "jwk" }) }
    : { ...generateKeyPairSync(type as "ed25519").publicKey.export({ format: "jwk" }) };

function read(keys: readonly unknown[], takesSecrets = false) {
  const reading = readKeySet(JSON.stringify({ keys }), takesSecrets);
  return typeof reading === "string"
    ? reading
    : reading.data.keys.map(({ kid, algorithms }) => `${kid} ${algorithms.join("+")}`);
}

test("each key is for the algorithms of its type, and for its own alone where it names one", () => {
  assert.deepEqual(
    read([
      { ...rsaJwk, kid: "r" },
      { ...rsaJwk, kid: "r2", alg: "RS256", use: "sig", key_ops: ["verify"] },
      { ...jwkOf("ec"), kid: "e" },
      { ...jwkOf("ec", "P-384") },
      { ...jwkOf("ec", "P-521"), alg: "ES512" },
      { ...jwkOf("ed25519"), kid: "d", alg: "EdDSA" },
    ]),
    ["r RS256+RS384+RS512+PS256+PS384+PS512", "r2 RS256", "e ES256", " ES384", " ES512", "d EdDSA+Ed25519"],
  );
});

test("what makes a private key is not kept", () => {
  const own = { ...rsa.privateKey.export({ format: "jwk" }), kid: "p", x5c: ["x"], __proto__x: 1 };
  const reading = readKeySet(JSON.stringify({ keys: [own] }), true);
  assert.ok(typeof reading === "object");
  assert.deepEqual(Object.keys(reading.data.keys[0]!.jwk), ["kty", "n", "e"]);
});

const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
const secret = Buffer.alloc(32, 1).toString("base64url");

const bad: readonly (readonly [string, unknown, RegExp])[] = [
  ["for encryption", { ...rsaJwk, use: "enc" }, /not for signatures/],
  ["for other operations", { ...rsaJwk, key_ops: ["encrypt"] }, /not for signatures/],
  ["an algorithm of another type", { ...rsaJwk, alg: "ES256" }, /algorithm that is not taken/],
  ["a shared secret's algorithm", { ...rsaJwk, alg: "HS256" }, /algorithm that is not taken/],
  ["alg none", { ...rsaJwk, alg: "none" }, /algorithm that is not taken/],
  ["alg of no text", { ...rsaJwk, alg: { x: 1 } }, /algorithm that is not taken/],
  ["operations that are no list", { ...rsaJwk, key_ops: "verify" }, /not for signatures/],
  ["1024 bits", { ...weak }, /has 1024 bits/],
  ["exponent 1, by which everybody signs", { ...rsaJwk, e: "AQ" }, /exponent that makes no safe key/],
  ["an even exponent", { ...rsaJwk, e: "AgAA" }, /exponent that makes no safe key/],
  [
    "an exponent as long as the key",
    { ...rsaJwk, e: rsaJwk["n"] },
    /exponent that makes no safe key|is broken/,
  ],
  ["a point that is not on its curve", { ...jwkOf("ec"), x: secret, y: secret }, /is broken/],
  ["a curve of key agreement", { ...jwkOf("x25519") }, /curve that is not known/],
  ["the curve of coins", { kty: "EC", crv: "secp256k1", x: secret, y: secret }, /curve that is not known/],
  ["no type", { n: rsaJwk["n"], e: "AQAB" }, /type that is not known/],
  ["a type of Object's", { kty: "constructor" }, /type that is not known/],
  ["no object", "x", /type that is not known/],
  ["without its modulus", { kty: "RSA", e: "AQAB" }, /is broken/],
  ["a shared secret", { kty: "oct", k: secret, alg: "HS256" }, /put it into a Secret/],
];

for (const [title, key, message] of bad) {
  test(`a key is left out: ${title}`, () => {
    assert.match(String(read([key])), message);
    assert.deepEqual(read([key, { ...rsaJwk, alg: "RS256" }]), [" RS256"]);
  });
}

test("shared secrets are taken from Secrets: with their algorithm, and long enough for it", () => {
  assert.deepEqual(read([{ kty: "oct", k: secret, alg: "HS256", kid: "s" }], true), ["s HS256"]);
  assert.match(String(read([{ kty: "oct", k: secret }], true)), /without its alg/);
  assert.match(String(read([{ kty: "oct", k: secret, alg: "HS512" }], true)), /less than 64 octets/);
  assert.match(String(read([{ kty: "oct", k: "", alg: "HS256" }], true)), /less than 32 octets/);
  assert.match(String(read([{ kty: "oct", k: secret, alg: "RS256" }], true)), /without its alg/);
});

test("what is no set says so", () => {
  assert.equal(readKeySet("{", false), "is no JSON");
  assert.match(String(readKeySet("[]", false)), /no list "keys"/);
  assert.match(String(readKeySet('{"keys":{}}', false)), /no list "keys"/);
  assert.equal(readKeySet('{"keys":[]}', false), "has no keys");
  assert.match(String(read(Array.from({ length: 65 }, () => rsaJwk))), /65 keys; at most 64/);
  assert.match(String(readKeySet(" ".repeat(MAX_KEY_SET_BYTES + 1), false)), /more than 262144 bytes/);
});

test("public keys in PEM are taken, private ones are not", () => {
  const pem = rsa.publicKey.export({ format: "pem", type: "spki" }) as string;
  const reading = readKeySet(`${pem}\n${pem}`, false);
  assert.ok(typeof reading === "object");
  assert.equal(reading.data.keys.length, 2);
  const own = rsa.privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  assert.equal(readKeySet(own, true), "has no PUBLIC KEY block");
  const broken = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
  assert.equal(readKeySet(broken, false), "has a PUBLIC KEY block that is no key");
});
