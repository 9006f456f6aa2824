import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTestRequest, pickTestFiles, suites, type Suite } from "./suites.ts";

const files = (unit: string[], e2e: string[]) => (suite: Suite) =>
  suite === suites["unit"] ? unit : suite === suites["e2e"] ? e2e : [];

test("suites come first, then parts of paths; options go to node wherever they stand", () => {
  assert.deepEqual(parseTestRequest(["--test-only", "unit", "e2e", "wire/http1", "unit", "--x=1"]), {
    suites: ["unit", "e2e"],
    filters: ["wire/http1", "unit"],
    nodeArgs: ["--test-only", "--x=1"],
  });
});

test("a request without a suite lists the suites", () => {
  assert.throws(() => parseTestRequest(["wire"]), /name a suite first: unit, e2e, interop/);
});

test("a suite without files fails, so that it cannot pass silently", () => {
  const request = parseTestRequest(["unit", "e2e"]);
  assert.throws(
    () => pickTestFiles(request, files(["packages/a.test.ts"], [])),
    /no test files in test\/e2e\/\*\*\/\*\.test\.ts/,
  );
});

test("a filter that matches nothing fails", () => {
  const request = parseTestRequest(["unit", "chunked"]);
  assert.throws(
    () => pickTestFiles(request, files(["a.test.ts"], [])),
    /no test file of unit matches chunked/,
  );
});

test("filters pick by any part of the path", () => {
  const request = parseTestRequest(["unit", "e2e", "wire", "shop"]);
  const picked = pickTestFiles(request, files(["wire/a.test.ts", "net/b.test.ts"], ["e2e/shop.test.ts"]));
  assert.deepEqual(picked, ["wire/a.test.ts", "e2e/shop.test.ts"]);
});
