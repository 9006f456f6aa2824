import assert from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { filePorts, replacePorts } from "./configuration.ts";
import type { ShopPorts } from "./configuration.ts";

const folder = new URL("../heddle/", import.meta.url);
const text = readdirSync(folder)
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("---\n");
const others: ShopPorts = {
  http: 20080,
  https: 20443,
  tcp: 20090,
  storefront: 30001,
  "catalog-v1": 30002,
  "catalog-v2": 30003,
  orders: 30004,
  payments: 30005,
  audit: 30006,
  stock: 30007,
  prices: 30008,
};

test("the files name every port, and after replacing none of them", () => {
  const replaced = replacePorts(text, others);
  for (const [name, port] of Object.entries(filePorts)) {
    assert.match(text, new RegExp(`port: ${port}\\b`), name);
    assert.doesNotMatch(replaced, new RegExp(`\\b${port}\\b`), name);
    assert.match(replaced, new RegExp(`port: ${others[name as keyof ShopPorts]}\\b`), name);
  }
  assert.match(replaced, /"http:\/\/shop\.localhost:20080", "https:\/\/shop\.localhost:20443"/);
});

test("a port that two things have traded is replaced once", () => {
  const traded = { ...filePorts, orders: filePorts.payments, payments: filePorts.orders };
  assert.strictEqual(replacePorts("orders 4104 payments 4105", traded), "orders 4105 payments 4104");
});

test("an origin leaves a default port out, as browsers do", () => {
  const replaced = replacePorts(text, { ...others, http: 80, https: 443 });
  assert.match(replaced, /"http:\/\/shop\.localhost", "https:\/\/shop\.localhost"/);
});

test("every Service has its EndpointSlice, and every backend its Service", () => {
  const services = [...text.matchAll(/kind: Service\nmetadata:\n {2}name: (\S+)/g)].map((match) => match[1]);
  const slices = [...text.matchAll(/kubernetes\.io\/service-name: (\S+)/g)].map((match) => match[1]);
  const backends = new Set([...text.matchAll(/\{ name: ([\w-]+), port: 80/g)].map((match) => match[1]));
  assert.deepStrictEqual(slices, services);
  assert.deepStrictEqual([...backends].toSorted(), services.toSorted());
});
