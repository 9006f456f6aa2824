import assert from "node:assert/strict";
import { test } from "node:test";
import { validateResource } from "../../validate.ts";

const problemsOf = (cache: object): readonly string[] =>
  validateResource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "ContentPolicy",
    metadata: { name: "a" },
    spec: { targetRefs: [{ kind: "HTTPRoute", name: "web" }], cache },
  }).problems.map(({ path }) => path);

test("errors that answer something of one request alone are never everybody's", () => {
  assert.deepEqual(problemsOf({ errorStatuses: [400, 403, 503, 599] }), []);
  for (const status of [401, 407, 412, 416, 417])
    assert.deepEqual(problemsOf({ errorStatuses: [503, status] }), ["spec.cache"], String(status));
  assert.deepEqual(problemsOf({ errorStatuses: [206] }), ["spec.cache.errorStatuses[0]"]);
  assert.deepEqual(problemsOf({ errorStatuses: [503, 503] }), ["spec.cache.errorStatuses[1]"]);
});

test("fields that say how long are names of fields", () => {
  assert.deepEqual(problemsOf({ targetList: ["CDN-Cache-Control"] }), []);
  assert.deepEqual(problemsOf({ targetList: ["cdn cache"] }), ["spec.cache.targetList[0]"]);
  assert.deepEqual(problemsOf({ targetList: [] }), ["spec.cache.targetList"]);
});
