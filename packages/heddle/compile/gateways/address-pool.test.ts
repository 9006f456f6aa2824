import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddressPool, pickAddress } from "./address-pool.ts";

test("a pool is an IPv4 range of /8 to /30 without its first and last address", () => {
  assert.deepEqual(parseAddressPool("127.80.0.0/30"), { first: 0x7f500001, size: 2 });
  assert.deepEqual(parseAddressPool("127.80.3.7/16"), { first: 0x7f500001, size: 65_534 });
  for (const text of ["", "127.0.0.1", "127.0.0.0/31", "127.0.0.0/7", "::1/128", "127.1/16", "127.0.0.0/x"]) {
    assert.equal(parseAddressPool(text), null, text);
  }
});

test("every address of a pool is given once, and a name gets the same one again", () => {
  const pool = parseAddressPool("127.80.0.0/29")!;
  const taken = new Set<string>();
  const names = ["a", "b", "c", "d", "e", "f"];
  for (const name of names) taken.add(pickAddress(pool, name, (address) => taken.has(address))!);
  assert.deepEqual(
    [...taken].sort(),
    names.map((_, index) => `127.80.0.${index + 1}`),
  );
  assert.equal(
    pickAddress(pool, "g", (address) => taken.has(address)),
    null,
  );
  const free = () => false;
  assert.equal(pickAddress(pool, "shop/edge", free), pickAddress(pool, "shop/edge", free));
});
