import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { FrameFollower } from "./index.ts";

const MASK = [1, 2, 3, 4];

/** A frame of `first` (FIN and opcode), its length in as many octets of the head as `lengthOctets`: 1, 2 or 8. */
function frame(first: number, payload: number, lengthOctets: 1 | 2 | 8 = 1, isMasked = false): Buffer {
  const masked = isMasked ? 0x80 : 0;
  const head = Buffer.alloc(lengthOctets === 1 ? 2 : 2 + lengthOctets);
  head[0] = first;
  head[1] = masked | (lengthOctets === 1 ? payload : lengthOctets === 2 ? 126 : 127);
  if (lengthOctets > 1)
    head.writeUIntBE(payload, head.length - Math.min(lengthOctets, 6), Math.min(lengthOctets, 6));
  // Octets that would be heads of frames that do not exist.
  return Buffer.concat([head, Buffer.from(isMasked ? MASK : []), Buffer.alloc(payload, 0xff)]);
}

const TEXT = 0x81;
const PING = 0x89;

/** One after the other; the last one is a close frame. */
const frames: readonly (readonly [string, Buffer])[] = [
  ["empty text", frame(TEXT, 0)],
  ["masked, empty", frame(TEXT, 0, 1, true)],
  ["one octet", frame(TEXT, 1)],
  ["the first fragment", frame(0x02, 3, 1, true)],
  ["a ping between fragments", frame(PING, 4, 1, true)],
  ["a fragment with reserved bits", frame(0x70, 125)],
  ["a pong between fragments", frame(0x8a, 0)],
  ["the last fragment, 16 bits of length", frame(0x80, 126, 2)],
  ["masked, 16 bits", frame(0x82, 300, 2, true)],
  ["64 bits", frame(0x82, 7, 8)],
  ["masked, 64 bits", frame(0x82, 9, 8, true)],
  ["empty, 64 bits", frame(0x82, 0, 8, true)],
  ["close", frame(0x88, 2, 1, true)],
];
const all = Buffer.concat(frames.map(([, bytes]) => bytes));
const ends = frames.map((_, at) => frames.slice(0, at + 1).reduce((sum, [, bytes]) => sum + bytes.length, 0));

/** Where the follower sees frames end when `all` comes in these pieces. */
function endsIn(pieces: readonly Buffer[]): number[] {
  const follower = new FrameFollower();
  const seen: number[] = [];
  let before = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      at = follower.follow(piece, at, true);
      if (follower.isAtBoundary) seen.push(before + at);
    }
    before += piece.length;
    assert.equal(follower.hasClosed, before >= all.length);
  }
  assert.equal(follower.isLost, false);
  return seen;
}

test("every frame's end is seen, wherever the octets are split", () => {
  assert.deepEqual(endsIn([all]), ends);
  for (let at = 1; at < all.length; at++)
    assert.deepEqual(endsIn([all.subarray(0, at), all.subarray(at)]), ends, `split at ${at}`);
});

test("every frame's end is seen when octets come one by one", () => {
  const octets = Array.from(all, (_, at) => all.subarray(at, at + 1));
  assert.deepEqual(endsIn(octets), ends);
});

for (const [name, bytes] of frames) {
  test(`within a frame there is no boundary: ${name}`, () => {
    for (let at = 1; at < bytes.length; at++) {
      const follower = new FrameFollower();
      follower.follow(bytes.subarray(0, at), 0, false);
      assert.equal(follower.isAtBoundary, false, `behind ${at} octets`);
      follower.follow(bytes, at, false);
      assert.equal(follower.isAtBoundary, true);
    }
  });
}

test("without stops all is taken, and what was left open shows", () => {
  const follower = new FrameFollower();
  assert.equal(follower.isAtBoundary, true);
  const bytes = Buffer.concat([frame(TEXT, 5), frame(TEXT, 5).subarray(0, 4)]);
  assert.equal(follower.follow(bytes, 0, false), bytes.length);
  assert.equal(follower.isAtBoundary, false);
});

test("a payload longer than a read, 64 bits of length", () => {
  const follower = new FrameFollower();
  const bytes = frame(0x82, 70_000, 8);
  for (let at = 0; at < bytes.length; at += 16_384) {
    assert.equal(follower.isAtBoundary, at === 0);
    follower.follow(bytes.subarray(at, at + 16_384), 0, false);
  }
  assert.equal(follower.isAtBoundary, true);
});

test("a length of more than 32 bits is counted whole", () => {
  const follower = new FrameFollower();
  follower.follow(frame(0x82, 0, 8).fill(0, 2, 10).fill(1, 5, 6), 0, false);
  const chunk = Buffer.alloc(1 << 20);
  for (let at = 0; at < 4_096; at++) {
    assert.equal(follower.isAtBoundary, false);
    follower.follow(chunk, 0, false);
  }
  assert.equal(follower.isAtBoundary, true);
});

function isLost(...octets: number[]): boolean {
  const follower = new FrameFollower();
  follower.follow(Buffer.from(octets), 0, false);
  if (follower.isLost) assert.equal(follower.isAtBoundary, false);
  return follower.isLost;
}

test("reserved opcodes lose it", () => {
  for (let opcode = 0; opcode < 16; opcode++)
    assert.equal(isLost(0x80 | opcode), ![0, 1, 2, 8, 9, 10].includes(opcode), `opcode ${opcode}`);
});

test("a length from 2^63 on loses it, one below does not", () => {
  assert.equal(isLost(0x82, 127, 0x80), true);
  assert.equal(isLost(0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), false);
  assert.equal(isLost(0x82, 126, 0xff, 0xff), false);
});

test("control frames that are long or fragmented lose it", () => {
  for (const opcode of [8, 9, 10]) {
    assert.equal(isLost(opcode, 0), true);
    assert.equal(isLost(0x80 | opcode, 126), true);
    assert.equal(isLost(0x80 | opcode, 0x80 | 127), true);
    assert.equal(isLost(0x80 | opcode, 125), false);
  }
});

test("once lost it takes everything and finds no frame any more", () => {
  const follower = new FrameFollower();
  const bytes = Buffer.concat([Buffer.from([0x83]), frame(TEXT, 1)]);
  assert.equal(follower.follow(bytes, 0, true), bytes.length);
  assert.equal(follower.follow(frame(0x88, 0), 0, true), 2);
  assert.equal(follower.isAtBoundary, false);
  assert.equal(follower.hasClosed, false);
});
