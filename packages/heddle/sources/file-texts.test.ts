import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FileTexts } from "./file-texts.ts";
import { AsciiText } from "./source-text.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "heddle-texts-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const limit = 10_000_000;

function put(text: string): string {
  const file = path.join(folder, "a.yaml");
  writeFileSync(file, text);
  return file;
}

/** Of a large file, and the memory that it has. */
async function readLarge(texts: FileTexts, text: string): Promise<{ text: AsciiText; memory: () => number }> {
  const read = await texts.read(put(text), limit);
  assert.ok(read instanceof AsciiText);
  return { text: read, memory: () => read.release().buffer.byteLength };
}

test("a large file of ASCII is read into the memory of the one before that nobody needs any more", async () => {
  const texts = new FileTexts();
  const first = await readLarge(texts, "a".repeat(300_000));
  const second = await readLarge(texts, "b".repeat(300_000));
  assert.deepEqual([first.text.slice(0, 3), second.text.slice(299_998, 300_001)], ["aaa", "bb"]);
  texts.release(first.text);
  const third = await readLarge(texts, "c".repeat(300_010));
  assert.equal(third.text.toString(), "c".repeat(300_010));
  assert.equal(first.text.slice(0, 3), "", "what is given away is not read by mistake");
});

test("a file gets no memory of a much larger one", async () => {
  const texts = new FileTexts();
  texts.release((await readLarge(texts, "a".repeat(5_000_000))).text);
  assert.ok((await readLarge(texts, "b".repeat(300_000))).memory() < 400_000);
});

test("other files are read as strings: short ones, and those with more than ASCII", async () => {
  const texts = new FileTexts();
  for (const text of ["", "a", "\u00e4", "x".repeat(300_000) + "\u00e4\u{1f600}"]) {
    assert.equal(await texts.read(put(text), limit), text);
    assert.equal(await texts.read(put(`\ufeff${text}`), limit), text, "without the byte order mark");
  }
});
