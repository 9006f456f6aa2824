import assert from "node:assert";
import { test } from "node:test";
import { openOrders } from "../services/orders.ts";
import { serveForTest } from "../services/running.ts";
import { checkTry } from "./check.ts";
import type { Try } from "./tries.ts";

test("a try passes, or says what came instead", async (t) => {
  const origin = (await serveForTest(t, openOrders(":memory:"))).replace("127.0.0.1", "shop.localhost");
  const attempt = (status: number, path: string): Try => ({
    shows: "probe",
    request: { url: `${origin}${path}` },
    expect: (answers) =>
      assert.deepStrictEqual(
        answers.map((answer) => answer.status),
        [status, status],
      ),
  });
  const passed = await checkTry(attempt(200, "/orders?n=[1-2]"), "");
  assert.deepStrictEqual(passed, { shows: "probe", complaint: undefined });
  const failed = await checkTry(attempt(200, "/nothing?n=[1-2]"), "");
  assert.match(failed.complaint ?? "", /404/);
});

test("a stream is read until what it is asked for, here an order placed meanwhile", async (t) => {
  const origin = await serveForTest(t, openOrders(":memory:"));
  const order = { url: `${origin}/orders`, json: { items: [{ productId: 1 }], note: "meanwhile" } };
  const result = await checkTry(
    {
      shows: "stream",
      request: { url: `${origin}/orders/stream`, endless: { until: "meanwhile", meanwhile: order } },
      expect: ([answer]) => assert.match(answer?.body ?? "", /^event: order\n/),
    },
    "",
  );
  assert.strictEqual(result.complaint, undefined);
});

test("what arrives later is asked for again", async (t) => {
  const origin = await serveForTest(t, openOrders(":memory:"));
  let asked = 0;
  const result = await checkTry(
    {
      shows: "later",
      request: { url: `${origin}/orders` },
      isEventual: true,
      expect: () => assert.ok(++asked > 2),
    },
    "",
  );
  assert.strictEqual(result.complaint, undefined);
  assert.strictEqual(asked, 3);
});
