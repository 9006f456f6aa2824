import assert from "node:assert";
import { it } from "node:test";
import { seededRandom } from "../base/index.ts";
import { PartedMap } from "./parted-map.ts";

it("holds what a plain map holds, and what it held when another was made of it", () => {
  const random = seededRandom(20_261_130);
  const keys = ["", "a", "ab", "-".repeat(100), ...Array.from({ length: 2_000 }, (_, at) => `service-${at}`)];
  let plain = new Map(keys.slice(0, 600).map((key, at) => [key, at]));
  let parted = PartedMap.of(plain);
  const earlier = [{ plain, parted }];
  for (let round = 0; round < 40; round++) {
    plain = new Map(plain);
    parted = new PartedMap(parted);
    for (let edit = 0; edit < 50; edit++) {
      const key = keys[Math.floor(random.next() * keys.length)];
      if (random.next() < 0.6) {
        plain.set(key, edit);
        parted.set(key, edit);
      } else {
        plain.delete(key);
        parted.delete(key);
      }
    }
    earlier.push({ plain, parted });
  }
  for (const one of earlier) {
    assert.equal(one.parted.size, one.plain.size);
    for (const key of keys) assert.equal(one.parted.get(key), one.plain.get(key), key);
  }
});

const number = (at: number): string => String(at).padStart(5, "0");

it("copies a small part of it for a change, whatever keys have in common", () => {
  const names: ((at: number) => string)[] = [
    (at) => `service-${at}`,
    (at) => `tenant-${String(at).padStart(5, "0")}-service`,
    (at) => `shop.tenant-${at}.example`,
    (at) => at.toString(36),
    (at) => `${"long/".repeat(20)}${at}`,
    (at) => `/api/v1/tenants/tenant-${number(at)}/services/orders/endpoints/list-all-items`,
    (at) => `/acme.tenant${number(at)}.orders.v1.OrderService/GetOrderById`,
    (at) => `/api/v1/accounts/${at}/invoices/latest/download.pdf`,
  ];
  for (const nameOf of names) {
    const map = new PartedMap<number>();
    for (let at = 0; at < 10_000; at++) map.set(nameOf(at), at);

    assert.ok(map.largestPart < 1_200, `${map.largestPart} of 10,000 such as ${nameOf(0)} are in one part`);
  }
});
