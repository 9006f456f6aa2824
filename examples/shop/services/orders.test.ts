import assert from "node:assert";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { openOrders } from "./orders.ts";
import type { Order } from "./orders.ts";
import { readJson, serveForTest } from "./running.ts";

function post(origin: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${origin}/orders`, { method: "POST", headers, body: JSON.stringify(body) });
}

test("an order is priced here, stored and listed first", async (t) => {
  const origin = await serveForTest(t, openOrders(":memory:"));
  const items = [
    { productId: 1, quantity: 2 },
    { productId: 10, quantity: 1 },
  ];
  const created = await post(origin, { items, note: "hello" }, { "x-shop-channel": "web" });
  assert.strictEqual(created.status, 201);
  const order = await readJson<Order>(created);
  assert.strictEqual(order.totalCents, 2 * 1250 + 2400);
  assert.strictEqual(order.channel, "web");
  const { orders } = await readJson<{ orders: Order[] }>(fetch(`${origin}/orders?limit=2`));
  assert.deepStrictEqual(orders.length, 2);
  assert.deepStrictEqual(orders[0], order);
  assert.deepStrictEqual(await (await fetch(`${origin}/orders/${order.id}`)).json(), order);
});

test("bad orders are refused with what is wrong", async (t) => {
  const origin = await serveForTest(t, openOrders(":memory:"));
  const cases: [unknown, RegExp][] = [
    [[], /no JSON object/],
    [{}, /items must be/],
    [{ items: [] }, /items must be/],
    [{ items: [{ productId: 999 }] }, /no product 999/],
    [{ items: [null] }, /no product/],
    [{ items: [{ productId: 1, quantity: 0 }] }, /quantity/],
    [{ items: [{ productId: 1, quantity: 1.5 }] }, /quantity/],
    [{ items: [{ productId: 1 }], note: 7 }, /note/],
  ];
  for (const [body, message] of cases) {
    const response = await post(origin, body);
    assert.strictEqual(response.status, 400);
    assert.match((await readJson<{ error: string }>(response)).error, message);
  }
  const large = await post(origin, { note: "x".repeat(2_000_000) });
  assert.strictEqual(large.status, 413);
});

test("the stream sends the latest orders, then each new one", async (t) => {
  const parts = openOrders(":memory:");
  const origin = await serveForTest(t, parts);
  const stream = await fetch(`${origin}/orders/stream`);
  await post(origin, { items: [{ productId: 3 }] });
  parts.stop?.();
  const ids = [...(await stream.text()).matchAll(/"id":(\d+)/g)].map((match) => match[1]);
  assert.deepStrictEqual(ids, ["1", "2", "3", "4"]);
});

test("the WebSocket greets, pushes new orders and closes with 1001", async (t) => {
  const parts = openOrders(":memory:");
  const origin = await serveForTest(t, parts);
  const socket = new WebSocket(`${origin.replace("http", "ws")}/orders/live`);
  const [hello] = await once(socket, "message");
  assert.strictEqual(JSON.parse(String(hello)).type, "hello");
  const pushed = once(socket, "message");
  const order = await (await post(origin, { items: [{ productId: 3 }] })).json();
  assert.deepStrictEqual(JSON.parse(String((await pushed)[0])), { type: "order", order });
  const closed = once(socket, "close");
  parts.stop?.();
  assert.strictEqual((await closed)[0], 1001);
});

test("an upgrade elsewhere is refused with 404", async (t) => {
  const origin = await serveForTest(t, openOrders(":memory:"));
  const socket = new WebSocket(`${origin.replace("http", "ws")}/orders`);
  const [error] = await once(socket, "error");
  assert.match((error as Error).message, /404/);
});
