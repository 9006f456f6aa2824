import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAccess, hasToken } from "./access-guard.ts";

const isLetIn = (headers: Record<string, string>, bound = "127.0.0.1") =>
  checkAccess(headers, bound) === null;

test("only its own names are taken as Host (threats 34)", () => {
  for (const host of [
    "localhost",
    "LOCALHOST:9901",
    "127.0.0.1:9901",
    "127.0.0.1:8000",
    "[::1]:9901",
    "127.3.2.1",
  ]) {
    assert.equal(isLetIn({ host }), true, host);
  }
  const foreign = [
    "",
    "evil.example",
    "evil.example:9901",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "evil.example#127.0.0.1",
    "localhost,evil.example",
    "localhost:9901:1",
    "localhost:",
    "[::]",
    "0.0.0.0",
    "10.0.0.1",
    "127.1",
    "2130706433",
  ];
  for (const host of foreign) assert.equal(isLetIn({ host }), false, host);
  assert.equal(isLetIn({}), false, "no Host at all");
});

test("pages of other origins and sites are refused, its own page and plain clients are not", () => {
  const host = "127.0.0.1:9901";
  assert.equal(isLetIn({ host, origin: "http://127.0.0.1:9901" }), true);
  for (const origin of [
    "null",
    "http://evil.example",
    "http://127.0.0.1:3000",
    "https://127.0.0.1:9901",
    "http://localhost:9901",
  ]) {
    assert.equal(isLetIn({ host, origin }), false, origin);
  }
  const site = (value: string, mode: string) =>
    isLetIn({ host, "sec-fetch-site": value, "sec-fetch-mode": mode });
  assert.equal(site("same-origin", "cors"), true);
  assert.equal(site("none", "navigate"), true);
  assert.equal(site("cross-site", "navigate"), true, "a link in a guide");
  for (const mode of ["no-cors", "cors", "same-origin"]) {
    assert.equal(site("cross-site", mode), false, mode);
    assert.equal(site("same-site", mode), false, mode);
  }
});

test("the token is taken as a bearer token only, and whole", () => {
  const token = "t".repeat(43);
  assert.equal(hasToken({ authorization: `Bearer ${token}` }, token), true);
  assert.equal(hasToken({ authorization: `bearer ${token}` }, token), true);
  for (const authorization of [
    "",
    token,
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    "Bearer ",
  ]) {
    assert.equal(hasToken({ authorization }, token), false, authorization);
  }
  assert.equal(hasToken({}, token), false);
});
