import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/index.ts";
import { normalizePath } from "./path.ts";

const TABLE: [input: string, refuse: string | null, keep?: string | null][] = [
  ["/", "/"],
  ["/a/b.c/d..e/...", "/a/b.c/d..e/..."],
  ["", null],
  ["a", null],
  ["*", null],
  // RFC 3986 section 6.2.2: case, unreserved escapes
  ["/%7Euser/%41%2d%5f%2E", "/~user/A-_."],
  ["/%c3%a9%20%3f", "/%C3%A9%20%3F"],
  ["/%2561", "/%2561"],
  // RFC 3986 section 5.2.4: dot segments
  ["/a/b/c/./../../g", "/a/g"],
  ["/./a", "/a"],
  ["/a/.", "/a/"],
  ["/a/..", "/"],
  ["/a/b/..", "/a/"],
  ["/..", null],
  ["/../a", null],
  ["/a/../../b", null],
  ["/%2e%2E/a", null],
  ["/a/%2e./b", "/b"],
  ["/a/.%2e", "/"],
  // Slashes
  ["//", "/"],
  ["//a///b//", "/a/b/"],
  ["/a//../b", "/b"],
  // Escaped slashes, backslashes, NUL
  ["/a%2Fb", null, "/a%2Fb"],
  ["/a%2fb", null, "/a%2Fb"],
  ["/a%5cb", null, "/a%5Cb"],
  ["/a\\b", null, "/a%5Cb"],
  ["/a%00", null, "/a%00"],
  ["/..%2fb", null, null],
  ["/a/b%2f..%2fc", null, null],
  ["/a/..\\b", null, null],
  ["/a/..%00/b", null, null],
  ["/a/.%2e%5c", null, null],
  // Path parameters
  ["/a;v=1/b;c", "/a;v=1/b;c"],
  ["/a/..;/b", null, null],
  ["/a/..;x=y/b", null, null],
  ["/a/.;/b", null, null],
  ["/a/..%3b/b", null, null],
  ["/a/..x;/b", "/a/..x;/b"],
  // Broken escapes and octets that no path has
  ["/%", null, null],
  ["/%4", null, null],
  ["/%zz", null, null],
  ["/%u002e", null, null],
  ["/a#b", null, null],
  ["/a?b", null, null],
  ["/%2e?b", null, null],
  ["/a b", null, null],
  ["/a\nb", null, null],
  ["/%41\x7f", null, null],
  ["/é", null, null],
  ["/%41\u4e2d", null, null],
];

for (const [input, refuse, keep = refuse] of TABLE) {
  test(`path ${JSON.stringify(input)}`, () => {
    assert.equal(normalizePath(input, "refuse"), refuse);
    assert.equal(normalizePath(input, "keep"), keep);
  });
}

// Threat 13.
const PIECES = [
  "/",
  "//",
  "/",
  "a",
  "B",
  ".",
  "..",
  "%2e",
  "%2E",
  "%2f",
  "%5C",
  "\\",
  "%00",
  ";",
  "%3b",
  ";x=1",
];
PIECES.push(
  "%41",
  "%7e",
  "%c0%ae",
  "%e4%b8%ad",
  "%252e",
  "%",
  "%g1",
  "~",
  "?",
  "#",
  "é",
  " ",
  "\t",
  "*",
  "%0d%0a",
);

test("5,000 generated paths: the normal form is idempotent and never escapes (seed 20261124)", () => {
  const random = seededRandom(20261124);
  const pick = () => PIECES[Math.floor(random.next() * PIECES.length)];
  let passed = 0;
  for (let i = 0; i < 5_000; i++) {
    let path = "/";
    for (let length = Math.floor(random.next() * 7); length >= 0; length--) path += pick();
    for (const mode of ["refuse", "keep"] as const) {
      const normal = normalizePath(path, mode);
      if (normal === null) continue;
      passed++;
      assertNormal(path, normal, mode);
    }
  }
  assert.ok(passed > 1_000, `only ${passed} paths passed: the test shows little`);
});

function assertNormal(path: string, normal: string, mode: "refuse" | "keep"): void {
  const what = `${JSON.stringify(path)} → ${JSON.stringify(normal)}`;
  assert.equal(normalizePath(normal, mode), normal, `${what} is not idempotent`);
  assert.match(normal, /^\/[!-~]*$/, what);
  assert.doesNotMatch(normal, /\/\/|[#?\\ ]/, what);
  assert.doesNotMatch(normal, /%(?![0-9A-F]{2})|%(?:2D|2E|3\d|4[1-9A-F]|5F|7E)(?<!%3[A-F])/, what);
  // Whatever a server takes for a slash, or cuts off a segment, no dots are left to climb by.
  const lenient = normal.replace(/%2F|%5C/g, "/").replace(/(?:;|%3B|%00)[^/]*/g, "");
  assert.ok(!lenient.split("/").some((segment) => segment === "." || segment === ".."), what);
  if (mode === "refuse") assert.doesNotMatch(normal, /%2F|%5C|%00/, what);
}

test("a path with nothing to do comes back as it is", () => {
  const path = "/api/v1/items/1729.json";
  assert.equal(normalizePath(path, "refuse"), path);
});
