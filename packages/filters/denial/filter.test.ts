import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import { denial } from "./index.ts";

test("nothing passes, and clients are not told why", () => {
  const run = new FilterRun(denial, { reason: "AccessPolicy shop/keys has errors" }, makeExchange());
  const reply = run.request()!;
  assert.equal(reply.status, 500);
  assert.ok(!String(reply.body).includes("shop/keys"));
  assert.deepEqual(run.context.events, ["denied"]);
});
