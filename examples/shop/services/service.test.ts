import assert from "node:assert";
import { test } from "node:test";
import { serveForTest } from "./running.ts";
import { matchPath, serveService } from "./service.ts";
import type { ServiceParts } from "./service.ts";

function partsWith(changes: Partial<ServiceParts>): ServiceParts {
  return {
    name: "probe",
    routes: [["GET", "/things/:id", ({ params }) => ({ body: params })]],
    close: () => {},
    ...changes,
  };
}

test("a pattern matches segment by segment", () => {
  assert.deepStrictEqual(matchPath("/a/:x", "/a/1"), ["1"]);
  assert.deepStrictEqual(matchPath("*", "/what/ever"), []);
  assert.strictEqual(matchPath("/a/:x", "/a/"), undefined);
  assert.strictEqual(matchPath("/a", "/a/b"), undefined);
});

test("known paths answer, unknown ones and wrong methods are refused", async (t) => {
  const origin = await serveForTest(t, partsWith({}));
  const found = await fetch(`${origin}/things/7`);
  assert.deepStrictEqual(await found.json(), ["7"]);
  assert.strictEqual(found.headers.get("x-powered-by"), "heddle-shop/probe");
  assert.strictEqual((await fetch(`${origin}/things/7`, { method: "HEAD" })).status, 200);
  assert.strictEqual((await fetch(`${origin}/things/7`, { method: "DELETE" })).status, 405);
  assert.strictEqual((await fetch(`${origin}/nothing`)).status, 404);
  assert.deepStrictEqual(await (await fetch(`${origin}/healthz`)).json(), { ok: true, service: "probe" });
});

test("closing lets the answer in flight finish before the database goes", async () => {
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const parts = partsWith({
    routes: [
      [
        "GET",
        "/wait",
        async () => {
          entered.resolve();
          await gate.promise;
          order.push("answered");
          return { body: {} };
        },
      ],
    ],
    stop: () => gate.resolve(),
    close: () => order.push("closed"),
  });
  const service = await serveService(parts, 0);
  const answer = fetch(`http://127.0.0.1:${service.port}/wait`, { headers: { connection: "close" } });
  await entered.promise;
  await service.close();
  assert.strictEqual((await answer).status, 200);
  assert.deepStrictEqual(order, ["answered", "closed"]);
});
