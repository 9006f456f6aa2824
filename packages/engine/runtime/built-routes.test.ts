import assert from "node:assert/strict";
import { test } from "node:test";
import { BuiltRoutes } from "./built-routes.ts";
import { ANY_HOST, defaultRule, routeUnit } from "./gateway.suite.ts";

const to = (...clusters: (string | null)[]) => {
  const backends = clusters.map((cluster) => ({ cluster, weight: 1, filters: [], status: 500 }));
  return routeUnit("r", [ANY_HOST], [defaultRule({ backends }), defaultRule({ backends })]);
};
const built = () => ({ clusters: [], rules: [], checkedAt: 0 });

test("a cluster is named for as long as one route is there that names it", () => {
  const routes = new BuiltRoutes();
  const [first, second] = [to("a", null), to("a", "b")];
  const named = () => ["a", "b", "c"].filter((name) => routes.nameAny(new Set([name, "none"])));
  for (const route of [first, second, first]) routes.add(route, built());
  assert.deepEqual(named(), ["a", "b"]);
  routes.remove(first);
  routes.remove(first);
  assert.deepEqual(named(), ["a", "b"]);
  routes.remove(second);
  assert.deepEqual([named(), [...routes]], [[], []]);
});
