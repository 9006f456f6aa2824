import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyHash } from "./key-hash.ts";

/** HalfSipHash with 64 bits of output, octet by octet as its authors have it. */
function halfSip(
  rounds: number,
  finalRounds: number,
  key: readonly [number, number],
  bytes: readonly number[],
) {
  const v = [key[0], key[1] ^ 0xee, key[0] ^ 0x6c796765, key[1] ^ 0x74656462];
  const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  const run = (count: number) => {
    for (let i = 0; i < count; i++) {
      v[0] = (v[0] + v[1]) | 0;
      v[1] = rotate(v[1], 5) ^ v[0];
      v[0] = rotate(v[0], 16);
      v[2] = (v[2] + v[3]) | 0;
      v[3] = rotate(v[3], 8) ^ v[2];
      v[0] = (v[0] + v[3]) | 0;
      v[3] = rotate(v[3], 7) ^ v[0];
      v[2] = (v[2] + v[1]) | 0;
      v[1] = rotate(v[1], 13) ^ v[2];
      v[2] = rotate(v[2], 16);
    }
  };
  const padded = [...bytes];
  while (padded.length % 4 !== 3) padded.push(0);
  padded.push(bytes.length & 255);
  for (let at = 0; at < padded.length; at += 4) {
    const [a, b, c, d] = padded.slice(at, at + 4);
    const word = a | (b << 8) | (c << 16) | (d << 24);
    v[3] ^= word;
    run(rounds);
    v[0] ^= word;
  }
  v[2] ^= 0xee;
  run(finalRounds);
  const hi = v[1] ^ v[3];
  v[1] ^= 0xdd;
  run(finalRounds);
  return [hi, v[1] ^ v[3]];
}

const littleEndian = (words: readonly number[]): number[] =>
  words.flatMap((word) => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24]);

test("the function that the hash is compared with gives the published results", () => {
  // vectors_hsip64 of the reference implementation: key 00…07, inputs of no octet and of one.
  const key = [0x03020100, 0x07060504] as const;
  assert.deepEqual(littleEndian(halfSip(2, 4, key, [])), [0x21, 0x8d, 0x1f, 0x59, 0xb9, 0xb8, 0x3c, 0xc8]);
});

test("the hash is HalfSipHash-1-3 of its words", () => {
  const key = [0x1234567, -0x765432] as const;
  const hash = new KeyHash(...key);
  for (let count = 0; count < 80; count++) {
    const words = Array.from({ length: count }, (_, at) => Math.imul(at + 1, 0x9e3779b1));
    hash.begin();
    for (const word of words) hash.word(word);
    hash.end();
    assert.deepEqual([hash.hi, hash.lo], halfSip(1, 3, key, littleEndian(words)), `${count} words`);
  }
});

function hashOf(hash: KeyHash, texts: readonly string[]): string {
  hash.begin();
  for (const text of texts) hash.text(text);
  hash.end();
  return `${hash.hi} ${hash.lo}`;
}

test("lists of texts that are spelled alike are told apart", () => {
  const hash = new KeyHash(1, 2);
  const lists = [
    ["ab", "c"],
    ["a", "bc"],
    ["abc"],
    ["abc", ""],
    ["", "abc"],
    [],
    [""],
    ["a\0"],
    ["a"],
    ["é"],
  ];
  assert.equal(new Set(lists.map((list) => hashOf(hash, list))).size, lists.length);
});

test("each name has a hash of its own, and the same in each worker", () => {
  const [one, other] = [new KeyHash(1, 2), new KeyHash(1, 2)];
  assert.equal(hashOf(one.derive("a"), ["x"]), hashOf(other.derive("a"), ["x"]));
  assert.notEqual(hashOf(one.derive("a"), ["x"]), hashOf(one.derive("b"), ["x"]));
  assert.notEqual(hashOf(new KeyHash(1, 3).derive("a"), ["x"]), hashOf(one.derive("a"), ["x"]));
});
