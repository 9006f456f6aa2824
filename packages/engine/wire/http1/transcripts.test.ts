import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { parseTranscript, play } from "./transcript.suite.ts";

const folder = path.join(import.meta.dirname, "testdata");
const files = readdirSync(folder);

test("there are transcripts", () => assert.ok(files.length >= 5));

for (const file of files) {
  const cases = parseTranscript(readFileSync(path.join(folder, file), "utf8"));
  suite(file, () => {
    for (const one of cases) {
      test(one.title, () => {
        assert.ok(one.events.length > 0, "a case without events shows nothing");
        assert.deepEqual(play(one, []), one.events);
        for (let cut = 0; cut <= one.input.length; cut++) {
          assert.deepEqual(play(one, [cut]), one.events, `split at ${cut}`);
        }
        const everywhere = Array.from({ length: one.input.length }, (_, i) => i);
        assert.deepEqual(play(one, everywhere), one.events, "octet by octet");
      });
    }
  });
}
