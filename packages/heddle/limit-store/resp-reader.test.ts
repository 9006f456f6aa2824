import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCommand } from "./encode-command.ts";
import { ReplyError, RespMistake, RespReader } from "./resp-reader.ts";
import type { Reply } from "./resp-reader.ts";

const good: readonly (readonly [string, Reply])[] = [
  ["+OK\r\n", "OK"],
  ["+\r\n", ""],
  [":-12\r\n", -12],
  ["$5\r\nh\r\nlo\r\n", "h\r\nlo"],
  ["$0\r\n\r\n", ""],
  ["$-1\r\n", null],
  ["*-1\r\n", null],
  ["*0\r\n", []],
  ["*3\r\n:1\r\n*2\r\n$2\r\nab\r\n$-1\r\n+x\r\n", [1, ["ab", null], "x"]],
  ["-NOSCRIPT No matching script.\r\n", new ReplyError("NOSCRIPT No matching script.")],
];

test("replies are read, however they are cut", () => {
  const whole = good.map(([text]) => text).join("");
  const expected = good.map(([, reply]) => reply);
  assert.deepEqual(new RespReader().push(Buffer.from(whole)), expected);
  for (let cut = 1; cut < whole.length; cut++) {
    const reader = new RespReader();
    const first = reader.push(Buffer.from(whole.slice(0, cut)));
    assert.deepEqual([...first, ...reader.push(Buffer.from(whole.slice(cut)))], expected, `cut at ${cut}`);
  }
  const reader = new RespReader();
  assert.deepEqual(
    [...whole].flatMap((one) => reader.push(Buffer.from(one))),
    expected,
  );
});

test("what is no reply is refused", () => {
  const bad = [
    "HTTP/1.1 400 Bad Request\r\n",
    "\r\n",
    ":x\r\n",
    ":1.5\r\n",
    ":99999999999999999999\r\n",
    "$x\r\n",
  ];
  for (const text of bad) assert.throws(() => new RespReader().push(Buffer.from(text)), RespMistake, text);
});

test("replies that are deeper or longer than any of ours are refused", () => {
  assert.throws(() => new RespReader().push(Buffer.from("*1\r\n".repeat(10))), RespMistake);
  assert.throws(() => new RespReader().push(Buffer.from("*99999999\r\n")), RespMistake);
  const reader = new RespReader();
  assert.throws(() => {
    for (let i = 0; i < 10; i++) reader.push(Buffer.alloc(1_000_000, "x"));
  }, RespMistake);
});

test("a command counts octets, not letters", () => {
  assert.equal(encodeCommand(["SET", "é\r\n", 7]), "*3\r\n$3\r\nSET\r\n$4\r\né\r\n\r\n$1\r\n7\r\n");
});
