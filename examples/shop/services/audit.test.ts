import assert from "node:assert";
import { test } from "node:test";
import { openAudit } from "./audit.ts";
import { readJson, serveForTest } from "./running.ts";

test("every POST is recorded, newest first", async (t) => {
  const origin = await serveForTest(t, openAudit(":memory:"));
  for (const [path, body] of [
    ["/orders", "one"],
    ["/api/orders", "two"],
  ]) {
    const answer = await fetch(`${origin}${path}`, {
      method: "POST",
      headers: { "x-shop-channel": "web" },
      body: body!,
    });
    assert.strictEqual(answer.status, 202);
  }
  const { entries } = await readJson<{ entries: Record<string, string>[] }>(fetch(`${origin}/audit?limit=5`));
  const seen = entries.map((entry) => [entry["path"], entry["channel"], entry["body"]]);
  assert.deepStrictEqual(seen, [
    ["/api/orders", "web", "two"],
    ["/orders", "web", "one"],
  ]);
});
