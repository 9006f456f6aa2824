import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSignedContent } from "./signed-content.ts";

test("what is signed is text and parts of the request", () => {
  assert.deepEqual(parseSignedContent("{body}"), [{ type: "body" }]);
  assert.deepEqual(parseSignedContent("v0:{timestamp}:{body}"), [
    { type: "text", value: "v0:" },
    { type: "timestamp" },
    { type: "text", value: ":" },
    { type: "body" },
  ]);
  assert.deepEqual(parseSignedContent("{method}\\n{path}{query}{header:X-Id}"), [
    { type: "method" },
    { type: "text", value: "\n" },
    { type: "path" },
    { type: "query" },
    { type: "header", value: "x-id" },
  ]);
});

test("what signs nothing of a request, or cannot be read, is none", () => {
  for (const text of ["", "text", "{}", "{Body}", "{body", "body}", "{{body}}", "}body{", "{header:}", "{header:a b}", "{body}}", "{text}"])
    assert.equal(parseSignedContent(text), null, text); // prettier-ignore
});
