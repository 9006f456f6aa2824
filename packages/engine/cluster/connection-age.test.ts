import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CLUSTER_SETTINGS as settings } from "../model/index.ts";
import { connectionAge } from "./connection-age.ts";

test("ages are spread by a tenth, or by what is said", () => {
  const ages = (over: object) =>
    [0, 0.5, 1].map((random) => connectionAge(1_000, { ...settings, ...over }, random));
  assert.deepEqual(ages({}), [900, 1_000, 1_100]);
  assert.deepEqual(ages({ connectionAgeJitterMs: 500 }), [500, 1_000, 1_500]);
  assert.deepEqual(ages({ connectionAgeJitterMs: 0 }), [1_000, 1_000, 1_000]);
  assert.deepEqual(ages({ connectionAgeJitterMs: 2_000 }), [0, 1_000, 3_000]);
});
