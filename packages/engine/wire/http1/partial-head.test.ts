import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { FieldScanner } from "./field-scanner.ts";
import { PartialHead } from "./partial-head.ts";

function append(partial: PartialHead<FieldScanner>, text: string, max = 100): boolean {
  const bytes = Buffer.from(`##${text}##`);
  return partial.append(bytes, 2, 2 + text.length, max);
}

test("a long line that comes in pieces waits for its end before it is scanned again", () => {
  const partial = new PartialHead(new FieldScanner());
  assert.equal(append(partial, "GET /a"), false);
  assert.equal(append(partial, "aaa\t"), false);
  assert.equal(append(partial, " HTTP/1.1\r"), true);
  assert.equal(append(partial, "x"), true, "a CR that was waiting is judged by what follows");
  assert.equal(append(partial, "y"), false);
  assert.equal(append(partial, "\0"), true, "what breaks a line is seen at once");
  assert.equal(partial.bytes.toString("latin1", 0, partial.length), "GET /aaaa\t HTTP/1.1\rxy\0");
});

test("no more is kept than the limit, however much comes", () => {
  const partial = new PartialHead(new FieldScanner());
  assert.equal(append(partial, "a".repeat(60)), false);
  assert.equal(append(partial, "b".repeat(60)), true, "so that the scanner can refuse it");
  assert.equal(partial.length, 100);
  assert.ok(partial.bytes.length <= 100);
});
