import assert from "node:assert/strict";
import { test } from "node:test";
import { covers, intersectHostnames, sharedHostnames } from "./hostnames.ts";

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

test("listener and route host names meet as the Gateway API says, and the route's go on as they stand", () => {
  const table: [listener: string, route: string[], hosts: string[], shared: string[]][] = [
    ["", [], [""], [""]],
    ["", ["a.example", "*.b.example"], ["a.example", "*.b.example"], ["a.example", "*.b.example"]],
    ["test.example.com", [], ["test.example.com"], [""]],
    ["test.example.com", ["test.example.com"], ["test.example.com"], ["test.example.com"]],
    ["test.example.com", ["*.example.com"], ["test.example.com"], ["*.example.com"]],
    ["a.test", ["*.test", "a.test", "a.test"], ["a.test"], ["*.test", "a.test"]],
    ["test.example.com", ["example.com", "other.example.com"], [], []],
    ["*.example.com", ["*.example.com"], ["*.example.com"], ["*.example.com"]],
    ["*.example.com", ["foo.test.example.com"], ["foo.test.example.com"], ["foo.test.example.com"]],
    ["*.example.com", ["*.test.example.com"], ["*.test.example.com"], ["*.test.example.com"]],
    ["*.example.com", ["*.com"], ["*.example.com"], ["*.com"]],
    ["*.example.com", ["example.com", "test.example.net"], [], []],
    ["*.example.com", ["test.example.com", "test.example.net"], ["test.example.com"], ["test.example.com"]],
  ];
  for (const [listener, route, hosts, shared] of table) {
    assert.deepEqual(intersectHostnames(listener, route), hosts, `${listener} and ${route.join()}`);
    assert.deepEqual(sharedHostnames(listener, route), shared, `${listener} and ${route.join()}`);
  }
});
