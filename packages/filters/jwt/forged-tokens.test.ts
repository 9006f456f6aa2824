import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { RecordingContext } from "../filter-run.suite.ts";
import {
  ed25519,
  goodClaims,
  goodHeader,
  goodKeys,
  issuer,
  keyData,
  nowS,
  otherRsa,
  p256,
  rsa,
  signToken,
} from "./token-maker.suite.ts";
import { JwtVerifier } from "./verifier.ts";

const nowMs = nowS * 1000;

function makeVerifier(change: Partial<typeof issuer> = {}): JwtVerifier {
  const data = new RecordingContext().data("keys");
  data.set({ keys: goodKeys });
  return new JwtVerifier({ issuers: [{ ...issuer, ...change }] }, [data]);
}

const good = signToken(goodHeader, goodClaims, rsa.privateKey);
const [head, body, mac] = good.split(".") as [string, string, string];
const b64 = (text: string): string => Buffer.from(text).toString("base64url");
const attacker = otherRsa.privateKey;
const attackerJwk = otherRsa.publicKey.export({ format: "jwk" });
const publicPem = rsa.publicKey.export({ format: "pem", type: "spki" }) as string;
const publicDer = rsa.publicKey.export({ format: "der", type: "spki" });
const publicJwk = JSON.stringify(rsa.publicKey.export({ format: "jwk" }));
const es256 = signToken({ alg: "ES256", kid: "e" }, goodClaims, p256.privateKey, "ES256");
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });

/** Signed by the issuer, with one thing wrong. */
const claimed = (change: object): string =>
  signToken(goodHeader, { ...goodClaims, ...change }, rsa.privateKey);
const headed = (change: object, key = rsa.privateKey): string =>
  signToken({ ...goodHeader, ...change }, goodClaims, key);

const forged: Readonly<Record<string, string>> = {
  // alg none (CVE-2015-9235), in the spellings that filters of the word miss
  "alg none without a signature": `${b64('{"alg":"none","typ":"JWT"}')}.${body}.`,
  "alg none with the good signature": `${b64('{"alg":"none","kid":"a"}')}.${body}.${mac}`,
  "alg None": `${b64('{"alg":"None"}')}.${body}.`,
  "alg NONE": `${b64('{"alg":"NONE"}')}.${body}.`,
  "alg nOnE": `${b64('{"alg":"nOnE","kid":"a"}')}.${body}.`,
  "alg empty": `${b64('{"alg":"","kid":"a"}')}.${body}.${mac}`,
  "alg missing": `${b64('{"kid":"a"}')}.${body}.${mac}`,
  "alg null": `${b64('{"alg":null,"kid":"a"}')}.${body}.${mac}`,
  "alg a list": `${b64('{"alg":["RS256"],"kid":"a"}')}.${body}.${mac}`,
  "alg an object": `${b64('{"alg":{"x":1},"kid":"a"}')}.${body}.${mac}`,
  "alg __proto__": `${b64('{"alg":"__proto__","kid":"a"}')}.${body}.${mac}`,
  "alg constructor": `${b64('{"alg":"constructor","kid":"a"}')}.${body}.${mac}`,
  "alg in lower case": `${b64('{"alg":"rs256","kid":"a"}')}.${body}.${mac}`,
  "alg with a blank": `${b64('{"alg":"RS256 ","kid":"a"}')}.${body}.${mac}`,
  "without a signature": `${head}.${body}.`,
  // Key confusion: the public key as a shared secret (CVE-2015-9235, CVE-2023-48223)
  "HS256 with the public key as PEM": signToken(
    { alg: "HS256", kid: "a" },
    goodClaims,
    Buffer.from(publicPem),
    "HS256",
  ),
  "HS256 with the public key as PEM, trimmed": signToken(
    { alg: "HS256", kid: "a" },
    goodClaims,
    Buffer.from(publicPem.trim()),
    "HS256",
  ),
  "HS256 with the public key as DER": signToken({ alg: "HS256", kid: "a" }, goodClaims, publicDer, "HS256"),
  "HS256 with the public key as JWK": signToken(
    { alg: "HS256", kid: "a" },
    goodClaims,
    Buffer.from(publicJwk),
    "HS256",
  ),
  "HS256 with an empty secret": signToken({ alg: "HS256", kid: "a" }, goodClaims, Buffer.alloc(0), "HS256"),
  "HS256 without kid": signToken({ alg: "HS256" }, goodClaims, Buffer.from(publicPem), "HS256"),
  "an algorithm of the key that is not taken": signToken(
    { alg: "RS512", kid: "a" },
    goodClaims,
    rsa.privateKey,
    "RS512",
  ),
  "the key of another algorithm": headed({ kid: "e" }),
  "ES256 by the id of an RSA key": signToken(
    { alg: "ES256", kid: "a" },
    goodClaims,
    p256.privateKey,
    "ES256",
  ),
  "EdDSA by the id of an RSA key": signToken(
    { alg: "EdDSA", kid: "a" },
    goodClaims,
    ed25519.privateKey,
    "EdDSA",
  ),
  "PS256 that is RS256": signToken({ alg: "PS256", kid: "a" }, goodClaims, rsa.privateKey, "RS256"),
  "RS256 that is PS256": signToken({ alg: "RS256", kid: "a" }, goodClaims, rsa.privateKey, "PS256"),
  "ES256 on another curve": signToken({ alg: "ES256", kid: "e" }, goodClaims, p384.privateKey, "ES256"),
  // Psychic signatures (CVE-2022-21449), and what else is no signature
  "ES256 all zero": `${b64('{"alg":"ES256","kid":"e"}')}.${body}.${Buffer.alloc(64).toString("base64url")}`,
  "ES256 r zero": `${b64('{"alg":"ES256","kid":"e"}')}.${body}.${Buffer.concat([Buffer.alloc(32), Buffer.alloc(32, 1)]).toString("base64url")}`,
  "ES256 r and s the order": `${b64('{"alg":"ES256","kid":"e"}')}.${body}.${Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551".repeat(2), "hex").toString("base64url")}`,
  "ES256 in DER": `${b64('{"alg":"ES256","kid":"e"}')}.${body}.${Buffer.from("3006020101020101", "hex").toString("base64url")}`,
  "ES256 in DER, by the right key": (() => {
    const input = `${b64('{"alg":"ES256","kid":"e"}')}.${body}`;
    return `${input}.${sign("sha256", Buffer.from(input), p256.privateKey).toString("base64url")}`;
  })(),
  "ES256 with a zero before each half": (() => {
    const [h, c, s] = es256.split(".") as [string, string, string];
    const [zero, octets] = [Buffer.alloc(1), Buffer.from(s, "base64url")];
    return `${h}.${c}.${Buffer.concat([zero, octets.subarray(0, 32), zero, octets.subarray(32)]).toString("base64url")}`;
  })(),
  "ES256 empty": `${b64('{"alg":"ES256","kid":"e"}')}.${body}.`,
  "EdDSA all zero": `${b64('{"alg":"EdDSA","kid":"d"}')}.${body}.${Buffer.alloc(64).toString("base64url")}`,
  "RS256 all zero": `${head}.${body}.${Buffer.alloc(256).toString("base64url")}`,
  "RS256 with a zero before it": `${head}.${body}.${Buffer.concat([Buffer.alloc(1), Buffer.from(mac, "base64url")]).toString("base64url")}`,
  "RS256 with an octet behind it": `${head}.${body}.${Buffer.concat([Buffer.from(mac, "base64url"), Buffer.alloc(1)]).toString("base64url")}`,
  "RS256 with one bit changed": `${head}.${body}.${flip(mac)}`,
  "another token's signature": `${head}.${body}.${signToken(goodHeader, { ...goodClaims, sub: "bob" }, rsa.privateKey).split(".")[2]}`,
  "changed claims": `${head}.${b64(JSON.stringify({ ...goodClaims, sub: "root" }))}.${mac}`,
  // The key's id
  "kid a path": headed({ kid: "../../../../dev/null" }, attacker),
  "kid a path to an empty file, HS256": signToken(
    { alg: "HS256", kid: "/dev/null" },
    goodClaims,
    Buffer.alloc(0),
    "HS256",
  ),
  "kid SQL": headed({ kid: "x' UNION SELECT 'secret" }, attacker),
  "kid a URL": headed({ kid: "https://evil.example/key.pem" }, attacker),
  "kid a command": headed({ kid: "a|whoami" }, attacker),
  "kid __proto__": headed({ kid: "__proto__" }, attacker),
  "kid constructor": headed({ kid: "constructor" }, attacker),
  "kid toString": headed({ kid: "toString" }, attacker),
  "kid with a NUL": headed({ kid: "a\u0000" }, attacker),
  "kid a number": headed({ kid: 1 }),
  "kid a list": headed({ kid: ["a"] }),
  "kid null": headed({ kid: null }),
  "kid empty": headed({ kid: "" }),
  "kid of 300 characters": headed({ kid: "a".repeat(300) }),
  "kid with an algorithm before it": headed({ kid: "RS256 a" }),
  "kid of nobody, signed by the issuer": headed({ kid: "b" }),
  // Keys that the token brings along
  "signed by somebody else": headed({}, attacker),
  "signed by somebody else, without kid": signToken({ alg: "RS256" }, goodClaims, attacker),
  "jwk in the header": headed({ jwk: attackerJwk }, attacker),
  "jwk in the header with the same kid": headed({ jwk: { ...attackerJwk, kid: "a" } }, attacker),
  "jku in the header": headed({ jku: "https://evil.example/jwks.json" }, attacker),
  "x5u in the header": headed({ x5u: "https://evil.example/cert.pem" }, attacker),
  "x5c in the header": headed({ x5c: [publicDer.toString("base64")] }, attacker),
  // Extensions
  crit: headed({ crit: ["exp"] }),
  "crit empty": headed({ crit: [] }),
  "crit b64": headed({ crit: ["b64"], b64: false }),
  "b64 alone": headed({ b64: false }),
  zip: headed({ zip: "DEF" }),
  // Claims
  expired: claimed({ exp: nowS - 31 }),
  "without exp": claimed({ exp: undefined }),
  "exp as text": claimed({ exp: String(nowS + 300) }),
  "exp null": claimed({ exp: null }),
  "exp a list": claimed({ exp: [nowS + 300] }),
  "exp beyond all time": claimed({ exp: 1e300 }),
  "exp in milliseconds": claimed({ exp: (nowS + 300) * 1000 }),
  "exp negative": claimed({ exp: -1 }),
  "exp infinite": signToken(
    goodHeader,
    JSON.stringify(goodClaims).replace(/"exp":\d+/, '"exp":1e999'),
    rsa.privateKey,
  ),
  "not valid yet": claimed({ nbf: nowS + 31 }),
  "nbf as text": claimed({ nbf: "0" }),
  "iat as text": claimed({ iat: "0" }),
  "another issuer": claimed({ iss: "https://evil.example" }),
  "issuer with a slash": claimed({ iss: "https://id.example/" }),
  "issuer in upper case": claimed({ iss: "https://ID.example" }),
  "without issuer": claimed({ iss: undefined }),
  "issuer a list": claimed({ iss: ["https://id.example"] }),
  "another audience": claimed({ aud: "bank" }),
  "without audience": claimed({ aud: undefined }),
  "audience a part of it": claimed({ aud: "shop2" }),
  "audience an object": claimed({ aud: { shop: true } }),
  "audience list of lists": claimed({ aud: [["shop"]] }),
  "subject a number": claimed({ sub: 7 }),
  "subject an object": claimed({ sub: { name: "alice" } }),
  // Types
  "typ of a logout token": headed({ typ: "logout+jwt" }),
  "typ of a proof": headed({ typ: "dpop+jwt" }),
  "typ an object": headed({ typ: {} }),
  // JSON with two meanings
  "alg twice": signToken('{"alg":"RS256","alg":"none","kid":"a"}', goodClaims, rsa.privateKey),
  "alg twice, once escaped": signToken(
    '{"alg":"RS256","\\u0061lg":"none","kid":"a"}',
    goodClaims,
    rsa.privateKey,
  ),
  "sub twice": signToken(
    goodHeader,
    JSON.stringify(goodClaims).replace("{", '{"sub":"root",'),
    rsa.privateKey,
  ),
  "a name twice deep inside": claimedText('"x":{"y":[{"z":1,"z":2}]}'),
  "__proto__ in the header": signToken(
    '{"alg":"RS256","kid":"a","__proto__":{"alg":"none"}}',
    goodClaims,
    rsa.privateKey,
  ),
  "__proto__ in the claims": claimedText('"__proto__":{"admin":true}'),
  "header a list": signToken([goodHeader], goodClaims, rsa.privateKey),
  "header a text": signToken('"RS256"', goodClaims, rsa.privateKey),
  "claims a list": signToken(goodHeader, [goodClaims], rsa.privateKey),
  "claims null": signToken(goodHeader, "null", rsa.privateKey),
  "claims no JSON": signToken(goodHeader, "sub=alice", rsa.privateKey),
  "claims with something behind": signToken(goodHeader, `${JSON.stringify(goodClaims)}{}`, rsa.privateKey),
  "claims with a comment": signToken(
    goodHeader,
    JSON.stringify(goodClaims).replace("{", "{/**/"),
    rsa.privateKey,
  ),
  "claims with a byte order mark": signToken(
    goodHeader,
    `\uFEFF${JSON.stringify(goodClaims)}`,
    rsa.privateKey,
  ),
  "claims of 10,000 levels": signToken(
    goodHeader,
    `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`,
    rsa.privateKey,
  ),
  // Base64 with two forms (RFC 4648 section 3.5)
  "a padded part": `${head}=.${body}.${mac}`,
  "a blank in a part": `${head}.${body.slice(0, 8)} ${body.slice(8)}.${mac}`,
  "a line break in the signature": `${head}.${body}.${mac.slice(0, 8)}\n${mac.slice(8)}`,
  "the alphabet of base64": `${head}.${body}.${Buffer.from(mac, "base64url").toString("base64").replace(/=+$/, "")}+/`,
  "bits left over in the signature": `${head}.${body}.${leftOver(mac)}`,
  "bad UTF-8 in the claims": `${head}.${Buffer.concat([Buffer.from('{"sub":"'), Buffer.from([0xff]), Buffer.from('"}')]).toString("base64url")}.${mac}`,
  // Forms
  JWE: `${b64('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.${mac}.${mac}.${body}.${mac}`,
  "JWE by PBES2 with ten million rounds": `${b64('{"alg":"PBES2-HS512+A256KW","p2c":10000000,"p2s":"AA","enc":"A128GCM"}')}.${mac}.${mac}.${body}.${mac}`,
  "a zip bomb": `${b64('{"alg":"dir","enc":"A128GCM","zip":"DEF"}')}..${mac}.${body}.${mac}`,
  "a token in a token (RFC 7519 section 5.2)": signToken({ ...goodHeader, cty: "JWT" }, good, rsa.privateKey),
  "unencoded claims (RFC 7797)": `${b64('{"alg":"RS256","kid":"a","b64":false,"crit":["b64"]}')}.${JSON.stringify(goodClaims)}.${mac}`,
  "four parts": `${good}.`,
  "two parts": `${head}.${body}`,
  "one part": head,
  empty: "",
  dots: "..",
  "JSON serialization": JSON.stringify({ payload: body, protected: head, signature: mac }),
  "two tokens with a comma": `${good},${good}`,
  "a blank before it": ` ${good}`,
  "longer than anything": claimed({ x: "x".repeat(16_000) }),
};

function claimedText(member: string): string {
  return signToken(goodHeader, JSON.stringify(goodClaims).replace("{", `{${member},`), rsa.privateKey);
}

function flip(text: string): string {
  const bytes = Buffer.from(text, "base64url");
  bytes[100]! ^= 1;
  return bytes.toString("base64url");
}

/** The same octets, with the last character one that has bits which no octet has. */
function leftOver(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)!) | 1];
}

test("what is good is accepted: the table below is not of tokens that nobody would get in with", () => {
  const verifier = makeVerifier();
  assert.equal(verifier.judge(good, nowMs).outcome, "accepted");
  const others = [
    signToken({ alg: "PS256", kid: "a" }, goodClaims, rsa.privateKey, "PS256"),
    signToken({ alg: "ES256", kid: "e" }, goodClaims, p256.privateKey, "ES256"),
    signToken({ alg: "EdDSA", kid: "d" }, goodClaims, ed25519.privateKey, "EdDSA"),
    signToken({ alg: "ES256" }, goodClaims, p256.privateKey, "ES256"),
    headed({ typ: "application/at+JWT" }),
    headed({ jku: "https://id.example/jwks.json", x5t: "x" }),
    claimed({ aud: ["bank", "shop"] }),
    claimed({ exp: nowS - 29 }),
    claimed({ nbf: nowS + 29 }),
    claimed({ exp: nowS + 0.5, sub: undefined }),
  ];
  for (const token of others) assert.equal(verifier.judge(token, nowMs).outcome, "accepted", token);
});

for (const [name, token] of Object.entries(forged)) {
  test(`not accepted: ${name}`, () => {
    assert.notEqual(token, good);
    const verifier = makeVerifier();
    for (const _ of ["anew", "remembered"]) {
      const { outcome, principal } = verifier.judge(token, nowMs);
      assert.match(outcome, /^(refused|foreign)$/);
      assert.equal(principal, null);
    }
  });
}

test("an ES256 signature is good in both its forms: s and the order less s (FIPS 186-5 has no lower half)", () => {
  const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const [h, c, s] = es256.split(".") as [string, string, string];
  const octets = Buffer.from(s, "base64url");
  const other = order - BigInt(`0x${octets.subarray(32).toString("hex")}`);
  const twin = Buffer.concat([
    octets.subarray(0, 32),
    Buffer.from(other.toString(16).padStart(64, "0"), "hex"),
  ]);
  assert.equal(makeVerifier().judge(`${h}.${c}.${twin.toString("base64url")}`, nowMs).outcome, "accepted");
});

test("an issuer's key signs for that issuer alone, be its id another's too", () => {
  const context = new RecordingContext();
  const other = { ...issuer, issuer: "https://other.example", keySet: "others" };
  context.data("keys").set({ keys: goodKeys });
  context.data("others").set({ keys: [keyData("a", otherRsa.publicKey, "RS256")] });
  const verifier = new JwtVerifier({ issuers: [issuer, other] }, [
    context.data("keys"),
    context.data("others"),
  ]);
  const outcomeOf = (iss: string, key: typeof rsa.privateKey) =>
    verifier.judge(signToken(goodHeader, { ...goodClaims, iss }, key), nowMs).outcome;
  assert.equal(outcomeOf(issuer.issuer, rsa.privateKey), "accepted");
  assert.equal(outcomeOf(other.issuer, otherRsa.privateKey), "accepted");
  assert.equal(outcomeOf(other.issuer, rsa.privateKey), "refused");
  assert.equal(outcomeOf(issuer.issuer, otherRsa.privateKey), "refused");
});

test("a set with one id for many keys costs a token four tries at most", () => {
  const data = new RecordingContext().data("keys");
  const same = (count: number) =>
    Array.from({ length: count }, () => keyData("a", otherRsa.publicKey, "RS256"));
  const outcomeWith = (count: number) => {
    data.set({ keys: [...same(count), ...goodKeys] });
    return new JwtVerifier({ issuers: [issuer] }, [data]).judge(good, nowMs).outcome;
  };
  assert.equal(outcomeWith(3), "accepted");
  assert.equal(outcomeWith(4), "refused");
});

test("a shared secret signs for nothing but itself", () => {
  const secret = Buffer.alloc(32, 7);
  const data = new RecordingContext().data("keys");
  const jwk = { kty: "oct", k: secret.toString("base64url") };
  data.set({ keys: [{ kid: "s", algorithms: ["HS256"], jwk }, ...goodKeys] });
  const algorithms = [...issuer.algorithms, "HS256", "HS512"];
  const verifier = new JwtVerifier({ issuers: [{ ...issuer, algorithms }] }, [data]);
  const outcomeOf = (header: object, key: Buffer, alg: string) =>
    verifier.judge(signToken(header, goodClaims, key, alg), nowMs).outcome;
  assert.equal(outcomeOf({ alg: "HS256", kid: "s" }, secret, "HS256"), "accepted");
  assert.equal(outcomeOf({ alg: "HS512", kid: "s" }, secret, "HS512"), "refused");
  assert.equal(outcomeOf({ alg: "HS256", kid: "a" }, Buffer.from(publicPem), "HS256"), "refused");
  assert.equal(outcomeOf({ alg: "RS256", kid: "s" }, secret, "HS256"), "refused");
});
