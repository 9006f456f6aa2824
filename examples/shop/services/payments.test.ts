import assert from "node:assert";
import { test } from "node:test";
import { openPayments } from "./payments.ts";
import { readJson, serveForTest } from "./running.ts";

function charge(origin: string, key: string, body: unknown): Promise<Response> {
  return fetch(`${origin}/charge`, {
    method: "POST",
    headers: { "idempotency-key": key },
    body: JSON.stringify(body),
  });
}

test("one key charges once, and another amount under it is refused", async (t) => {
  const origin = await serveForTest(t, openPayments(":memory:"));
  const first = await charge(origin, "k-1", { amountCents: 100 });
  assert.strictEqual(first.status, 201);
  const again = await charge(origin, "k-1", { amountCents: 100 });
  assert.strictEqual(again.status, 200);
  assert.strictEqual(again.headers.get("idempotent-replay"), "true");
  assert.deepStrictEqual(await again.json(), await first.json());
  assert.strictEqual((await charge(origin, "k-1", { amountCents: 200 })).status, 422);
});

test("simultaneous charges with one key agree", async (t) => {
  const origin = await serveForTest(t, openPayments(":memory:"));
  const answers = await Promise.all(Array.from({ length: 8 }, () => charge(origin, "k", { amountCents: 5 })));
  assert.strictEqual(answers.filter((answer) => answer.status === 201).length, 1);
  const ids = await Promise.all(answers.map(async (answer) => (await readJson<{ id: number }>(answer)).id));
  assert.strictEqual(new Set(ids).size, 1);
});

test("a charge needs a key and an amount", async (t) => {
  const origin = await serveForTest(t, openPayments(":memory:"));
  assert.strictEqual((await fetch(`${origin}/charge`, { method: "POST", body: "{}" })).status, 400);
  for (const amountCents of [0, -1, 1.5, "5", undefined]) {
    assert.strictEqual((await charge(origin, "k", { amountCents })).status, 400);
  }
});

test("every third flaky call fails, in turns with 503 and a dropped connection", async (t) => {
  const origin = await serveForTest(t, openPayments(":memory:"));
  const outcomes: (number | string)[] = [];
  for (let call = 0; call < 6; call++) {
    const outcome = await fetch(`${origin}/flaky`).then(
      (response) => response.status,
      () => "dropped",
    );
    outcomes.push(outcome);
  }
  assert.deepStrictEqual(outcomes, [200, 200, 503, 200, 200, "dropped"]);
});

test("the slow endpoint waits as told, and stops waiting with the service", async (t) => {
  const parts = openPayments(":memory:");
  const origin = await serveForTest(t, parts);
  assert.deepStrictEqual(await (await fetch(`${origin}/slow?ms=1`)).json(), { waitedMs: 1 });
  assert.strictEqual((await fetch(`${origin}/slow?ms=60001`)).status, 400);
  const waiting = fetch(`${origin}/slow?ms=60000`);
  // Most likely the slow call has been taken up by then; it ends with 503 either way.
  await fetch(`${origin}/healthz`);
  parts.stop?.();
  assert.strictEqual((await waiting).status, 503);
});
