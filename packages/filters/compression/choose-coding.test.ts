import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseCoding } from "./choose-coding.ts";

const table: readonly (readonly [string | undefined, string | null])[] = [
  [undefined, null],
  ["", null],
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["GZIP", "gzip"],
  ["gzip, br, zstd", "zstd"],
  ["gzip, br", "br"],
  ["gzip;q=1.0, br;q=0.5", "gzip"],
  ["gzip ; q=0.5 , br ; q=0.9", "br"],
  ["gzip;q=0", null],
  ["gzip;q=0.000", null],
  ["gzip;q=0, *", "zstd"],
  ["*", "zstd"],
  ["*;q=0", null],
  ["zstd;q=0, *;q=0.1", "br"],
  ["identity", null],
  ["identity;q=1, gzip;q=0.5", null],
  ["identity, gzip", "gzip"],
  ["identity;q=0.5, gzip;q=0.6", "gzip"],
  ["identity;q=0", null],
  ["deflate, compress", null],
  ["gzip;q=2", null],
  ["gzip;q=-1", null],
  ["gzip;q=0.1234", null],
  ["gzip;level=1", null],
  ["gzip;;q=1", null],
  ["gz ip", null],
  [",, gzip ,", "gzip"],
];

for (const [accept, expected] of table) {
  test(`RFC 9110 12.5.3: Accept-Encoding: ${accept} is answered in ${expected ?? "plain"}`, () => {
    assert.equal(chooseCoding(accept, ["zstd", "br", "gzip"]), expected);
  });
}

test("what is not offered is not chosen", () => {
  assert.equal(chooseCoding("zstd, br;q=0.1", ["gzip"]), null);
});
