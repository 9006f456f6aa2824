import assert from "node:assert/strict";
import { createHash, randomInt } from "node:crypto";
import { test } from "node:test";
import { apiKeyDigest, isKeyPrefix, keyFormOf, makeApiKey, visiblePartOf } from "./key-format.ts";

const key = makeApiKey("hdl", () => 7);

test("a key is its prefix, 32 letters by chance and a checksum", () => {
  assert.match(key, /^hdl_7{32}[0-9A-Za-z]{6}$/);
  assert.equal(keyFormOf(key), "good");
  const bounds = new Set<number>();
  makeApiKey("hdl", (below) => (bounds.add(below), 0));
  assert.deepEqual([...bounds], [62]);
});

test("keys of every prefix have a good form, and no two are the same", () => {
  const made = new Set<string>();
  for (const prefix of ["hdl", "a", "shop_live", "shop_test_2", "x1_y2_z3_w4"]) {
    for (let at = 0; at < 200; at++) {
      const one = makeApiKey(prefix, (below) => randomInt(below));
      assert.equal(keyFormOf(one), "good", one);
      made.add(one);
    }
  }
  assert.equal(made.size, 1000);
});

test("a typo of one letter, anywhere behind the prefix, is told apart", () => {
  const one = makeApiKey("hdl", (below) => randomInt(below));
  for (let at = 4; at < one.length; at++) {
    const typo = `${one.slice(0, at)}${one[at] === "x" ? "y" : "x"}${one.slice(at + 1)}`;
    assert.equal(keyFormOf(typo), "mistyped", typo);
  }
  const swapped = one.slice(0, -2) + one.at(-1) + one.at(-2);
  if (swapped !== one) assert.equal(keyFormOf(swapped), "mistyped");
});

test("what has not the form of a key is none", () => {
  const { length } = key;
  for (const text of [
    "",
    "_",
    "hdl_",
    key.slice(4),
    key.slice(3),
    `Hdl${key.slice(3)}`,
    `hdl-${key.slice(4)}`,
    `hdl__${key.slice(4)}`,
    `_${key}`,
    `hdl_ü${key.slice(5)}`,
    `hdl_-${key.slice(5)}`,
    key.slice(0, length - 1),
    `${key} `,
    `${key}\n`,
    "x".repeat(10_000),
    `${"a".repeat(200)}${key.slice(3)}`,
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
  ])
    assert.equal(keyFormOf(text), "other", text.slice(0, 80));
});

test("prefixes are lower-case words", () => {
  for (const prefix of ["hdl", "shop_live"]) assert.ok(isKeyPrefix(prefix));
  for (const prefix of ["", "_", "Hdl", "hdl_", "1a", "a-b", "a".repeat(17), "a_b_c_d_e"]) {
    assert.ok(!isKeyPrefix(prefix), prefix);
    assert.throws(() => makeApiKey(prefix, () => 0), RangeError);
  }
});

test("what is shown of a key leaves 24 letters secret", () => {
  assert.equal(visiblePartOf(key), "hdl_77777777");
});

test("the digest is what sha256sum says", () => {
  assert.equal(apiKeyDigest(key), createHash("sha256").update(key).digest("base64url"));
});
