import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { parseTranscript, play } from "./transcript.suite.ts";

const folder = path.join(import.meta.dirname, "testdata");
const files = readdirSync(folder).filter((name) => name.endsWith(".txt"));

test("there are transcripts", () => assert.ok(files.length >= 7));

/** Longer inputs are cut at every so many octets only. */
const EVERY_OCTET = 500;

for (const file of files) {
  const cases = parseTranscript(readFileSync(path.join(folder, file), "utf8"));
  suite(file, () => {
    for (const one of cases) {
      test(one.title, () => {
        assert.ok(one.events.length > 0, "a case without events shows nothing");
        assert.deepEqual(play(one, []), one.events);
        const { length } = Buffer.concat(one.input);
        const step = Math.ceil(length / EVERY_OCTET);
        for (let cut = 0; cut <= length; cut += step) {
          assert.deepEqual(play(one, [cut]), one.events, `split at ${cut}`);
        }
        const everywhere = Array.from({ length }, (_, i) => i);
        assert.deepEqual(play(one, everywhere), one.events, "octet by octet");
      });
    }
  });
}
