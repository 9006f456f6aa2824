import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAuthority } from "./authority.ts";

const VALID: [string, string][] = [
  ["a", "a"],
  ["Shop.Example:8080", "shop.example:8080"],
  ["shop.example.", "shop.example."],
  ["127.0.0.1:0", "127.0.0.1:0"],
  ["a_b-c~d", "a_b-c~d"],
  ["[::1]", "[::1]"],
  ["[2001:DB8::a]:65535", "[2001:db8::a]:65535"],
  ["[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"],
  [`${"a".repeat(253)}:65535`, `${"a".repeat(253)}:65535`],
];

const INVALID = [
  "",
  " a",
  "a ",
  ":80",
  "a:",
  "a:80:80",
  "a:65536",
  "a:000080",
  "a:-1",
  "a:8o",
  "u@a",
  "u:p@a",
  "a/b",
  "a?b",
  "a#b",
  "a,b",
  "a%41",
  "a\\b",
  "a\0",
  "é",
  "\u0161.example",
  "[::1",
  "::1",
  "[]",
  "[:::1]",
  "[1.2.3.4]",
  "[fe80::1%eth0]",
  "[v1.x]",
  "[::1]x",
  "[::1]80",
  "a".repeat(260),
];

test("authorities are lower-cased", () => {
  for (const [text, authority] of VALID) assert.equal(parseAuthority(text), authority);
});

test("what is no authority is refused (threat 15)", () => {
  for (const text of INVALID) assert.equal(parseAuthority(text), null, JSON.stringify(text));
});
