import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { RecordingContext } from "../filter-run.suite.ts";
import { parseJsonObject } from "./parse-json-object.ts";
import { goodClaims, goodHeader, goodKeys, issuer, nowS, rsa, signToken } from "./token-maker.suite.ts";
import { JwtVerifier } from "./verifier.ts";

const seed = 20_261_128;
const good = signToken(goodHeader, goodClaims, rsa.privateKey);

function makeVerifier(): JwtVerifier {
  const data = new RecordingContext().data("keys");
  data.set({ keys: goodKeys });
  return new JwtVerifier({ issuers: [issuer] }, [data]);
}

const anyCharacter = fc.constantFrom(..."ABCXYZabcxyz0189-_.=+/ ");

test("a good token with anything of it changed is not good", () => {
  const verifier = makeVerifier();
  // Remembered by its text as well.
  for (let times = 0; times < 3; times++) verifier.judge(good, nowS * 1000);
  const change = fc.tuple(fc.nat(good.length), fc.nat(3), fc.array(anyCharacter, { maxLength: 3 }));
  fc.assert(
    fc.property(change, ([at, length, put]) => {
      const token = good.slice(0, at) + put.join("") + good.slice(at + length);
      if (token === good) return;
      assert.notEqual(verifier.judge(token, nowS * 1000).outcome, "accepted");
    }),
    { seed, numRuns: 2_000 },
  );
});

test("any text is judged without a throw, and is not good", () => {
  const verifier = makeVerifier();
  const part = fc.oneof(
    fc.string(),
    fc.json().map((json) => Buffer.from(json).toString("base64url")),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      assert.match(verifier.judge(parts.join("."), nowS * 1000).outcome, /^(foreign|refused)$/);
    }),
    { seed, numRuns: 2_000 },
  );
});

test("any header and any claims, signed by the issuer, are judged without a throw, and change no prototype", () => {
  const verifier = makeVerifier();
  const names = fc.constantFrom(
    "alg",
    "kid",
    "typ",
    "crit",
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "__proto__",
    "constructor",
  );
  const object = fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(object, object, (header, claims) => {
      verifier.judge(
        signToken({ ...goodHeader, ...header }, { ...goodClaims, ...claims }, rsa.privateKey),
        nowS * 1000,
      );
      assert.equal(Object.keys(Object.prototype).length, 0);
    }),
    { seed, numRuns: 300 },
  );
});

test("JSON is read as JSON.parse reads it, or not at all", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom("", " ", "\n\t"), (json, blank) => {
      const text = `${blank}${json}${blank}`;
      const value = JSON.parse(text) as unknown;
      const found = parseJsonObject(text);
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      if (!isObject) assert.equal(found, null);
      // fast-check makes "__proto__" a name now and then.
      else if (!json.includes("__proto__")) assert.deepEqual(found, value);
    }),
    { seed, numRuns: 2_000 },
  );
});
