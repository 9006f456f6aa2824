import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { encodeCloseFrame, FrameFollower, GOING_AWAY } from "./index.ts";

test("towards a client a close frame has code and reason as they are", () => {
  const frame = encodeCloseFrame(GOING_AWAY, "bye", null);
  assert.deepEqual([...frame], [0x88, 5, 0x03, 0xe9, ...Buffer.from("bye")]);
});

test("towards a server they are masked", () => {
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const frame = encodeCloseFrame(GOING_AWAY, "bye", mask);
  const masked = [0x03 ^ 0x37, 0xe9 ^ 0xfa, 0x62 ^ 0x21, 0x79 ^ 0x3d, 0x65 ^ 0x37];
  assert.deepEqual([...frame], [0x88, 0x85, ...mask, ...masked]);
  const follower = new FrameFollower();
  follower.follow(frame, 0, false);
  assert.ok(follower.hasClosed && follower.isAtBoundary);
});

test("a reason has at most 123 octets", () => {
  assert.equal(encodeCloseFrame(1000, "x".repeat(123), null).length, 127);
  assert.throws(() => encodeCloseFrame(1000, "ß".repeat(62), null), /reason is 124 octets, limit 123/);
});
