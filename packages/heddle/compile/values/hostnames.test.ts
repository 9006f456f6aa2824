import assert from "node:assert/strict";
import { test } from "node:test";
import { covers, intersectHostnames } from "./hostnames.ts";

test("a wildcard covers one label or more before it, never its own domain", () => {
  const table: [string, string, boolean][] = [
    ["", "", true],
    ["", "a.example", true],
    ["", "*.example", true],
    ["a.example", "a.example", true],
    ["a.example", "", false],
    ["a.example", "*.example", false],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "*.b.example.com", true],
    ["*.example.com", "*.example.com", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", "*.com", false],
    ["*.example.com", "badexample.com", false],
    ["*.example.com", "", false],
  ];
  for (const [outer, inner, expected] of table) {
    assert.equal(covers(outer, inner), expected, `${outer || "(any)"} covers ${inner || "(any)"}`);
  }
});

test("listener and route host names meet as the Gateway API says", () => {
  const table: [string, string[], string[]][] = [
    ["", [], [""]],
    ["", ["a.example", "*.b.example"], ["a.example", "*.b.example"]],
    ["test.example.com", [], [""]],
    ["test.example.com", ["test.example.com"], ["test.example.com"]],
    ["test.example.com", ["*.example.com"], ["test.example.com"]],
    ["test.example.com", ["*.example.com", "test.example.com"], ["test.example.com"]],
    ["test.example.com", ["example.com", "other.example.com"], []],
    ["*.example.com", ["*.example.com"], ["*.example.com"]],
    ["*.example.com", ["foo.test.example.com"], ["foo.test.example.com"]],
    ["*.example.com", ["*.test.example.com"], ["*.test.example.com"]],
    ["*.example.com", ["*.com"], ["*.example.com"]],
    ["*.example.com", ["example.com", "test.example.net"], []],
    ["*.example.com", ["test.example.com", "test.example.net"], ["test.example.com"]],
  ];
  for (const [listener, route, expected] of table) {
    assert.deepEqual(intersectHostnames(listener, route), expected, `${listener} and ${route.join()}`);
  }
});
