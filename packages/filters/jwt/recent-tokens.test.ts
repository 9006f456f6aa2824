import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentTokens } from "./recent-tokens.ts";
import { makeVerdict } from "./verdict.ts";

const verdict = makeVerdict("accepted");

test("a token is found by its whole text, and by nothing that looks like it", () => {
  const tokens = new RecentTokens();
  const token = `${"a".repeat(300)}.${"b".repeat(300)}.${"c".repeat(300)}`;
  assert.equal(tokens.get(token), undefined);
  tokens.set(token, verdict);
  assert.equal(tokens.get(`${token} `.slice(0, -1)), verdict);
  // The same length and the same end, so the same place.
  for (const at of [0, 300, 500]) {
    assert.equal(tokens.get(`${token.slice(0, at)}x${token.slice(at + 1)}`), undefined, `at ${at}`);
  }
  for (const other of ["", "c", token.slice(1), `${token}c`]) assert.equal(tokens.get(other), undefined);
});

test("what wants its place pushes it out", () => {
  const tokens = new RecentTokens();
  const [one, two] = [`1${"a".repeat(99)}`, `2${"a".repeat(99)}`];
  tokens.set(one, verdict);
  tokens.set(two, verdict);
  assert.equal(tokens.get(one), undefined);
  assert.equal(tokens.get(two), verdict);
});

test("long tokens, and texts that would not come back the same, are not kept", () => {
  const tokens = new RecentTokens();
  for (const text of ["a".repeat(2_049), `${"a".repeat(50)}\u0161`]) {
    tokens.set(text, verdict);
    assert.equal(tokens.get(text), undefined);
  }
});
