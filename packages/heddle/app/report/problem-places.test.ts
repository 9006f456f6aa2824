import assert from "node:assert/strict";
import { test } from "node:test";
import { newProblems, problemPlaces } from "./problem-places.ts";
import type { ReportedProblem } from "./reported-problem.ts";

const problem = (changes: Partial<ReportedProblem>): ReportedProblem => ({
  file: "a.yaml",
  line: 1,
  column: 1,
  severity: "error",
  kind: "HTTPRoute",
  name: "default/a",
  field: "spec.rules[0]",
  message: "is wrong",
  ...changes,
});

test("an error that the other has is none, whatever its words and lines; warnings are none", () => {
  const known = problemPlaces([problem({ message: "said otherwise", line: 7 })]);
  assert.deepEqual(
    newProblems([problem({}), problem({ severity: "warning", name: "default/b" })], known),
    [],
  );
});

test("errors of other fields, and of other resources, are new", () => {
  const known = problemPlaces([problem({})]);
  const others = [problem({ field: "spec.rules[1]" }), problem({ name: "default/b" })];
  assert.deepEqual(newProblems(others, known), others);
});

test("a warning of the other is no excuse for an error", () => {
  const known = problemPlaces([problem({ severity: "warning" })]);
  assert.equal(newProblems([problem({})], known).length, 1);
});

test("what cannot be read always counts: its last good state is the other's alone", () => {
  const unreadable = problem({ kind: "", name: "", field: "" });
  assert.deepEqual(newProblems([unreadable], problemPlaces([unreadable])), [unreadable]);
});
