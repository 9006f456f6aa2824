import assert from "node:assert/strict";
import { test } from "node:test";
import { parseApiKeyEntry } from "./api-key-entry.ts";

const hash = `sha256:${"ab".repeat(32)}`;
const parse = (change: object) => parseApiKeyEntry(JSON.stringify({ hash, consumer: "mobile", ...change }));

test("an entry has a hash and a consumer, and may have more", () => {
  assert.deepEqual(parse({}), {
    digest: Buffer.alloc(32, 0xab).toString("base64url"),
    consumer: "mobile",
    scopes: [],
    expiresMs: 0,
    metadata: {},
  });
  const full = {
    scopes: ["orders:read", "https://shop.example/x"],
    expires: "2027-01-01T01:00:00+01:00",
    created: "2026-01-01T00:00:00.5Z",
    metadata: { plan: "gold", "a.b-c_1": "ü" },
  };
  assert.deepEqual(parse(full), {
    digest: Buffer.alloc(32, 0xab).toString("base64url"),
    consumer: "mobile",
    scopes: full.scopes,
    expiresMs: Date.UTC(2027, 0, 1),
    metadata: full.metadata,
  });
});

test("what is no entry says what is wrong, without anything of it", () => {
  const table: [unknown, RegExp][] = [
    [{ hash: undefined }, /^hash must be/],
    [{ hash: "SECRET" }, /^hash must be/],
    [{ hash: hash.toUpperCase() }, /^hash must be/],
    [{ hash: `${hash}0` }, /^hash must be/],
    [{ hash: `md5:${"ab".repeat(16)}` }, /^hash must be/],
    [{ consumer: "" }, /^consumer must be/],
    [{ consumer: 1 }, /^consumer must be/],
    [{ consumer: "a\nSECRET" }, /^consumer must be/],
    [{ scopes: "a" }, /^scopes must be/],
    [{ scopes: ["a b"] }, /^scopes must be/],
    [{ scopes: ["SECRET\\"] }, /^scopes must be/],
    [{ scopes: [1] }, /^scopes must be/],
    [{ expires: 1 }, /^expires must be/],
    [{ expires: "2027" }, /^expires must be/],
    [{ expires: "2027-13-01T00:00:00Z" }, /^expires must be/],
    [{ expires: "" }, /^expires must be/],
    [{ expires: null }, /^expires must be/],
    [{ created: "SECRET" }, /^created must be/],
    [{ metadata: [] }, /^metadata must be/],
    [{ metadata: { scope: "admin" } }, /^metadata must be/],
    [{ metadata: { key_id: "x" } }, /^metadata must be/],
    [{ metadata: { plan: 1 } }, /^metadata must be/],
    [{ metadata: { "1": "x" } }, /^metadata must be/],
    [JSON.parse('{"metadata": {"__proto__": "x"}}'), /^metadata must be/],
    [{ expire: "2027-01-01T00:00:00Z" }, /^has the unknown field "expire"; there are hash, consumer/],
  ];
  for (const [change, message] of table) {
    const found = parse(change as object);
    assert.ok(typeof found === "string" && message.test(found), JSON.stringify([change, found]));
    assert.ok(!found.includes("SECRET"));
  }
  for (const text of ["", "SECRET", '"SECRET"', "[]", "null", "1"])
    assert.match(parseApiKeyEntry(text) as string, /^is no JSON/);
});
