import assert from "node:assert/strict";
import { test } from "node:test";
import { admitsAllOf } from "./client-rules.ts";

const pem = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;
const valid = (...names: string[]) => ({ mode: "AllowValidOnly" as const, caPem: names.map(pem).join("\n") });
const fallback = { ...valid("a"), mode: "AllowInsecureFallback" as const };

test("connections stay where the new rules would let them in, whoever they are", () => {
  assert.ok(admitsAllOf(null, null));
  assert.ok(admitsAllOf(null, valid("a")));
  assert.ok(admitsAllOf(valid("a"), valid("a")));
  assert.ok(admitsAllOf(valid("b", "a"), valid("a")));
  assert.ok(admitsAllOf(fallback, valid("b")));
});

test("connections that the new rules might refuse do not", () => {
  assert.ok(!admitsAllOf(valid("a"), null));
  assert.ok(!admitsAllOf(valid("a"), fallback));
  assert.ok(!admitsAllOf(valid("b"), valid("a")));
  assert.ok(!admitsAllOf(valid("a"), valid("a", "b")));
});
