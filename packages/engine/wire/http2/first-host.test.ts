import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTranscript, play } from "./transcript.suite.ts";

// In a file, so in a process, of its own: only the first request that a process reads would be affected.
test("an empty :authority is refused in the first request of all, too", () => {
  const [one] = parseTranscript(
    "=== the first request\n> headers 1 end\n>   :method GET\n>   :scheme http\n>   :authority \n>   :path /\n",
  );
  assert.equal(play(one, [])[0], "refused 1 HDL_REQUEST_MALFORMED: request head: invalid :authority");
});
