import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BalancingSpec } from "@heddle/engine/model";
import type { BalancingPolicy } from "../../resources/index.ts";
import { compileBalancing, settleBalancing, zoneOfService } from "./balancing.ts";

const base: BalancingSpec = { algorithm: "round-robin" };
const close = zoneOfService("PreferClose")!;

describe("compileBalancing", () => {
  test("an algorithm alone leaves the rest off", () => {
    assert.deepEqual(compileBalancing({ algorithm: "LeastRequest" }, base), { algorithm: "least-request" });
  });

  test("gives each field its form in the unit", () => {
    const policy: BalancingPolicy = {
      algorithm: "RingHash",
      hash: { on: "Cookie", name: "Shop", cookie: { ttl: "1h", path: "/cart" }, maxLoadPercent: 125 },
      ringHash: { minimumSize: 1_024, maximumSize: 4_096 },
      zone: { mode: "Prefer", spillover: "Capacity", sameNode: false },
      failover: { overprovisioningPercent: 150, panicThresholdPercent: 0 },
      subset: { labels: { version: "v2" } },
      sticky: { cookie: { name: "sid", ttl: "30m" } },
    };
    assert.deepEqual(compileBalancing(policy, base), {
      algorithm: "ring-hash",
      hash: {
        on: "cookie",
        name: "Shop",
        cookie: { ttlMs: 3_600_000, path: "/cart" },
        maxLoadPercent: 125,
      },
      ringHash: { minimumSize: 1_024, maximumSize: 4_096 },
      zone: { mode: "prefer", spillover: "capacity", isNodeFirst: false, zone: "", node: "" },
      failover: { overprovisioningPercent: 150, panicThresholdPercent: 0 },
      subset: { version: "v2" },
      sticky: {
        name: "sid",
        type: "Cookie",
        absoluteTimeoutMs: 1_800_000,
        idleTimeoutMs: 0,
        isPermanent: true,
      },
    });
  });

  test("a header's name is in lower case", () => {
    const policy: BalancingPolicy = { algorithm: "Maglev", hash: { on: "Header", name: "X-User" } };
    assert.deepEqual(compileBalancing(policy, base).hash, { on: "header", name: "x-user" });
  });

  test("slow start in milliseconds", () => {
    const slowStart = { window: "30s", aggression: 2, minimumWeightPercent: 20 };
    assert.deepEqual(compileBalancing({ algorithm: "PeakEwma", slowStart }, base).slowStart, {
      windowMs: 30_000,
      aggression: 2,
      minimumWeightPercent: 20,
    });
  });

  test("the zone that a Service asks for holds unless the policy speaks of zones", () => {
    const asked = { ...base, zone: close };
    assert.deepEqual(compileBalancing({ algorithm: "Random" }, asked).zone, close);
    const off = { mode: "Off", spillover: "Capacity", sameNode: false } as const;
    assert.equal(compileBalancing({ algorithm: "Random", zone: off }, asked).zone, undefined);
    const strict = { ...off, mode: "Strict" } as const;
    assert.equal(compileBalancing({ algorithm: "Random", zone: strict }, asked).zone?.mode, "strict");
  });
});

describe("settleBalancing", () => {
  const settle = (spec: BalancingSpec, zone: string = "", node: string = "") =>
    settleBalancing(spec, "service/shop/cart/80", { zone, node });

  test("fills in the own zone and node", () => {
    assert.deepEqual(settle({ ...base, zone: close }, "eu-1a", "n1").zone, {
      ...close,
      zone: "eu-1a",
      node: "n1",
    });
  });

  test("a preference for a place that is not known is none; a node's holds without a zone", () => {
    assert.deepEqual(settle({ ...base, zone: close }), base);
    assert.deepEqual(settle({ ...base, zone: close }, "", "n1"), base);
    const node = zoneOfService("PreferSameNode")!;
    assert.equal(settle({ ...base, zone: node }, "", "n1").zone?.node, "n1");
  });

  test("strict stays strict where the zone is not known: it fails closed", () => {
    const strict = { ...close, mode: "strict" } as const;
    assert.deepEqual(settle({ ...base, zone: strict }).zone, strict);
  });

  test("a session cookie without a name has one of the cluster's own", () => {
    const sticky = compileBalancing({ algorithm: "PeakEwma", sticky: { cookie: {} } }, base).sticky!;
    const name = settle({ ...base, sticky }).sticky!.name;
    assert.match(name, /^heddle-session-[0-9a-f]{8}$/);
    assert.notEqual(settleBalancing({ ...base, sticky }, "service/shop/x/80", {}).sticky!.name, name);
    assert.equal(settle({ ...base, sticky: { ...sticky, name: "sid" } }).sticky!.name, "sid");
  });
});

test("zoneOfService knows the words of Kubernetes, and no others", () => {
  assert.deepEqual(zoneOfService("PreferSameZone"), close);
  assert.equal(zoneOfService("PreferSameNode")?.isNodeFirst, true);
  assert.equal(zoneOfService("Sideways"), undefined);
  assert.equal(zoneOfService(undefined), undefined);
});
