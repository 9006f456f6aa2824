import assert from "node:assert/strict";
import { test } from "node:test";
import { makeExchange } from "../filter-run.suite.ts";
import { isNavigation } from "./navigation.ts";
import { addressMistake, isLoopbackHost } from "./provider-address.ts";
import { safeReturnPath } from "./return-path.ts";

test("paths of this origin stay, with their query", () => {
  for (const path of [
    "/",
    "/a",
    "/a/b?c=d&e=%2F%2Fevil.example",
    "/a?u=https://other.example",
    "/@b",
    "/a:b",
  ])
    assert.equal(safeReturnPath(path), path);
  assert.equal(safeReturnPath("/a/../b#c"), "/b");
});

test("whatever a browser could take for another origin leads to the root", () => {
  const hostile = [
    "",
    "a",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/a\\..\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "/ /evil.example",
    "https://evil.example",
    "HTTPS:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/..//evil.example",
    "/.//evil.example",
    "/%5cé",
    "/\u0000",
    "/\u2028/evil.example",
  ];
  for (const path of hostile) assert.equal(safeReturnPath(path), "/", JSON.stringify(path));
});

test("pages of people are told from what scripts ask for", () => {
  const is = (method: string, headers: Record<string, string>, upgrade = "") =>
    isNavigation(makeExchange({ method, headers: Object.entries(headers), upgrade }).request);
  const html = { accept: "text/html,application/xhtml+xml;q=0.9" };
  assert.ok(is("GET", html));
  assert.ok(is("HEAD", { ...html, "sec-fetch-mode": "navigate" }));
  assert.ok(is("GET", { accept: "*/*", "sec-fetch-mode": "navigate" }));
  assert.equal(is("GET", {}), false);
  assert.equal(is("GET", { accept: "*/*" }), false);
  assert.equal(is("GET", { accept: "application/json" }), false);
  assert.equal(is("POST", html), false);
  assert.equal(is("GET", { ...html, "sec-fetch-mode": "cors" }), false);
  assert.equal(is("GET", { ...html, "x-requested-with": "XMLHttpRequest" }), false);
  assert.equal(is("GET", html, "websocket"), false);
});

test("a provider is nowhere that answers for the machine or the cloud", () => {
  for (const address of [
    "169.254.169.254",
    "0.0.0.0",
    "fe80::1",
    "::",
    "fd00:ec2::254",
    "224.0.0.1",
    "255.255.255.255",
  ])
    assert.notEqual(addressMistake(address, true), null, address);
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assert.notEqual(addressMistake(address, false), null, address);
  }
  assert.equal(addressMistake("127.0.0.1", true), null);
  for (const address of ["10.0.0.1", "192.0.2.1", "2001:db8::1", "id.example"])
    assert.equal(addressMistake(address, false), null, address);
  for (const host of ["localhost", "id.localhost", "127.0.0.1", "[::1]"])
    assert.ok(isLoopbackHost(host), host);
  for (const host of ["localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"])
    assert.equal(isLoopbackHost(host), false, host);
});
