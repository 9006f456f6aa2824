import assert from "node:assert/strict";
import { test } from "node:test";
import { changePath } from "./path-change.ts";

// The table of HTTPPathModifier.replacePrefixMatch; compile has removed a trailing slash of the replacement.
const prefixTable: readonly (readonly [path: string, matched: string, value: string, result: string])[] = [
  ["/foo/bar", "/foo", "/xyz", "/xyz/bar"],
  ["/foo/bar", "/foo/", "/xyz", "/xyz/bar"],
  ["/foo", "/foo", "/xyz", "/xyz"],
  ["/foo", "/foo/", "/xyz", "/xyz"],
  ["/foo/", "/foo", "/xyz", "/xyz/"],
  ["/foo/bar", "/foo", "", "/bar"],
  ["/foo/", "/foo", "", "/"],
  ["/foo", "/foo", "", "/"],
  ["/", "/", "/xyz", "/xyz/"],
  ["/bar", "/", "/xyz", "/xyz/bar"],
  ["/", "/", "", "/"],
  ["/a/b/c/d", "/a/b", "/x/y/z", "/x/y/z/c/d"],
  ["/foo/%E4/b%20c", "/foo", "/xyz", "/xyz/%E4/b%20c"],
];

test("a prefix is replaced by segments", () => {
  for (const [path, matched, value, result] of prefixTable) {
    assert.equal(changePath(path, matched, { type: "prefix", value }), result, `${path} ${matched} ${value}`);
  }
});

test("a path that is not under the prefix stays as it is", () => {
  assert.equal(changePath("/foobar", "/foo", { type: "prefix", value: "/xyz" }), "/foobar");
  assert.equal(changePath("/other", "/foo", { type: "prefix", value: "/xyz" }), "/other");
  assert.equal(changePath("*", "/", { type: "prefix", value: "/xyz" }), "*");
});

test("a full path is replaced whole", () => {
  assert.equal(changePath("/foo/bar", "/foo", { type: "full", value: "/only" }), "/only");
});
