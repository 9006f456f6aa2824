import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "./reported-problem.ts";

const problem = {
  file: "a.yaml",
  line: 3,
  column: 5,
  severity: "error" as const,
  kind: "HTTPRoute",
  name: "shop/catalog",
  field: "spec.rules[0]",
  message: "is wrong",
};

test("one line: place, severity, resource with field, message", () => {
  assert.equal(formatProblem(problem), "a.yaml:3:5: error: HTTPRoute shop/catalog spec.rules[0]: is wrong");
  assert.equal(
    formatProblem({ ...problem, line: 0, field: "" }),
    "a.yaml: error: HTTPRoute shop/catalog: is wrong",
  );
  assert.equal(formatProblem({ ...problem, kind: "", name: "", field: "" }), "a.yaml:3:5: error: is wrong");
});

test("nothing of a file can begin a second line or command a terminal (threats 39)", () => {
  const line = formatProblem({ ...problem, name: "a\nb\r", message: "x\u001b[2J\u2028y\u0085z" });
  assert.equal(
    line,
    String.raw`a.yaml:3:5: error: HTTPRoute a\u000ab\u000d spec.rules[0]: x\u001b[2J\u2028y\u0085z`,
  );
});
