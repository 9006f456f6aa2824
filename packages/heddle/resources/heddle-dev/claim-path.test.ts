import assert from "node:assert/strict";
import { test } from "node:test";
import { parseClaimPath } from "./claim-path.ts";

test("claims are named by the names on the way", () => {
  const paths: readonly (readonly [string, readonly string[]])[] = [
    ["sub", ["sub"]],
    ["realm_access.roles", ["realm_access", "roles"]],
    ["cognito:groups", ["cognito:groups"]],
    ['["https://shop.example/roles"]', ["https://shop.example/roles"]],
    ['resource_access["my.client"].roles', ["resource_access", "my.client", "roles"]],
    ['a.["b\\"c"]', ["a", 'b"c']],
  ];
  for (const [path, names] of paths) assert.deepEqual(parseClaimPath(path), names, path);
});

test("what is no path is none", () => {
  const bad = [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "https://x.example/roles",
    "a b",
    '["a"',
    "a[0]",
    "__proto__",
    'a["__proto__"]',
    "a.b.c.d.e.f.g.h.i",
    '[""]',
  ];
  for (const path of bad) assert.equal(parseClaimPath(path), null, path);
});
