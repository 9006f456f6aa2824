import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import { CODE_LENGTHS, CODES, EOS } from "./huffman-codes.ts";
import { decodeHuffman } from "./huffman-decode.ts";
import { encodeHuffman, huffmanLength } from "./huffman-encode.ts";

const SEED = 20261128;

function decode(octets: Uint8Array): string | null {
  const out = new Uint8Array(octets.length * 2);
  const size = decodeHuffman(octets, 0, octets.length, out);
  return size < 0 ? null : Buffer.from(out.subarray(0, size)).toString("latin1");
}

/** Bits as octets, the last one filled up with `fill`. */
function octetsOf(bits: string, fill: string): Uint8Array {
  const whole = bits + fill.repeat((8 - (bits.length % 8)) % 8);
  return Uint8Array.from(whole.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2));
}

const code = (symbol: number) => CODES[symbol].toString(2).padStart(CODE_LENGTHS[symbol], "0");

/** The plainest decoder there can be: bit by bit, with a map of codes. */
const SYMBOLS = new Map(Array.from(CODES, (_, symbol) => [code(symbol), symbol]));

function decodePlainly(octets: Uint8Array): string | null {
  let bits = "";
  let out = "";
  for (const octet of octets) {
    for (const bit of octet.toString(2).padStart(8, "0")) {
      bits += bit;
      const symbol = SYMBOLS.get(bits);
      if (symbol === undefined) continue;
      if (symbol === EOS) return null;
      out += String.fromCharCode(symbol);
      bits = "";
    }
  }
  return bits.length < 8 && !bits.includes("0") ? out : null;
}

test("RFC 7541 appendix B: the code is complete, and codes are those of the table", () => {
  let sum = 0;
  for (const length of CODE_LENGTHS) sum += 2 ** -length;
  assert.equal(sum, 1);
  const examples = {
    0: 0x1ff8,
    32: 0x14,
    48: 0x0,
    97: 0x3,
    122: 0x7b,
    127: 0xffffffc,
    255: 0x3ffffee,
    256: 0x3fffffff,
  };
  for (const [symbol, expected] of Object.entries(examples))
    assert.equal(CODES[Number(symbol)], expected, symbol);
});

test("every octet comes back, alone and behind each other one", () => {
  for (let first = 0; first < 256; first++) {
    assert.equal(decode(octetsOf(code(first), "1")), String.fromCharCode(first));
    for (let second = 0; second < 256; second++) {
      const text = String.fromCharCode(first, second);
      assert.equal(decode(octetsOf(code(first) + code(second), "1")), text);
    }
  }
});

test("RFC 7541 section 5.2: padding is shorter than eight bits, and of ones", () => {
  for (let symbol = 0; symbol < 256; symbol++) {
    const whole = code(symbol);
    const padding = (8 - (whole.length % 8)) % 8;
    if (padding > 0) assert.equal(decodePlainly(octetsOf(whole, "0")), decode(octetsOf(whole, "0")));
    assert.equal(
      decode(Uint8Array.from([...octetsOf(whole, "1"), 0xff])),
      null,
      "an octet of padding too many",
    );
  }
  assert.equal(decode(Uint8Array.of(0xff)), null);
  assert.equal(decode(new Uint8Array(0)), "");
});

test("RFC 7541 section 5.2: EOS within a string is an error", () => {
  assert.equal(decode(octetsOf(code(EOS), "1")), null);
  assert.equal(decode(octetsOf(code(97) + code(EOS) + code(97), "1")), null);
});

test(`what is encoded is decoded (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
      const text = Buffer.from(octets).toString("latin1");
      const encoded = Buffer.from(encodeHuffman(text), "latin1");
      assert.equal(encoded.length, huffmanLength(text));
      assert.equal(decode(encoded), text);
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

test(`any octets are decoded as bit by bit, or refused as they are (seed ${SEED})`, () => {
  const octet = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xff, 0xfe, 0xfc));
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 24 }), (list) => {
      const octets = Uint8Array.from(list);
      assert.equal(decode(octets), decodePlainly(octets));
    }),
    { seed: SEED, numRuns: 5_000 },
  );
});
