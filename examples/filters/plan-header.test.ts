import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterConfigError, testFilter } from "@heddle/filters/testing";
import planHeader from "./plan-header.ts";

const quotas = { free: 10, team: 1000 };
const caller = (claims: Record<string, unknown>) => ({
  principal: { subject: "ada", issuer: "https://id.example", method: "jwt", claims },
});

test("the backend gets the quota of the caller's plan, the client its name", async () => {
  const filter = await testFilter(planHeader, { quotas }, caller({ plan: "team" }));
  const response = await filter.fetch("/", { headers: { "x-quota": "999999" } });
  assert.equal(response.headers["x-plan"], "team");
  assert.equal(filter.upstream.requests[0]!.headers["x-quota"], "1000");
});

test("a caller without a plan that we know goes no further", async () => {
  for (const claims of [{}, { plan: "gold" }, { plan: "toString" }, { plan: ["team"] }]) {
    const filter = await testFilter(planHeader, { quotas }, caller(claims));
    assert.equal((await filter.fetch("/")).status, 403);
    assert.equal(filter.upstream.requests.length, 0);
    assert.deepEqual(filter.counters, { "no-plan": 1 });
  }
});

test("a configuration without quotas is refused", async () => {
  await assert.rejects(
    testFilter(planHeader, {}),
    new FilterConfigError([{ path: "quotas", message: "is required" }]),
  );
});
