import assert from "node:assert/strict";
import { test } from "node:test";
import { openDnsServer } from "@heddle/testkit";
import { dnsLookup } from "./dns-lookup.ts";

test("both families are asked for, and the record that runs out first counts", async () => {
  await using server = await openDnsServer({
    "both.test": { addresses: ["10.0.0.1", "10.0.0.2", "2001:db8::1"], ttl: 30 },
    "four.test": { addresses: ["10.0.0.3"], ttl: 5 },
  });
  const lookup = dnsLookup([server.address]);
  const { ipv4, ipv6, ttlMs } = await lookup("both.test");
  assert.deepEqual([ipv4?.toSorted(), ipv6, ttlMs], [["10.0.0.1", "10.0.0.2"], ["2001:db8::1"], 30_000]);
  assert.deepEqual(await lookup("four.test"), { ipv4: ["10.0.0.3"], ipv6: [], ttlMs: 5_000 });
  assert.deepEqual(server.questions.slice(-2).sort(), ["four.test A", "four.test AAAA"]);
});

test("a name without addresses, and one that is not there, reject", async () => {
  await using server = await openDnsServer({ "empty.test": { addresses: [] } });
  const lookup = dnsLookup([server.address]);
  await assert.rejects(lookup("empty.test"), /no address/);
  await assert.rejects(lookup("missing.test"), /no address/);
});
