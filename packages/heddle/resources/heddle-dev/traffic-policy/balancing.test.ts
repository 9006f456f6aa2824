import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Problems } from "../../problem.ts";
import { checkRules } from "../../schema/check-rules.ts";
import { checkStructure } from "../../schema/check-structure.ts";
import { normalize } from "../../schema/normalize.ts";
import type { JsonObject, Structural } from "../../schema/structural.ts";
import { balancingSchema } from "./balancing.ts";

const schema = balancingSchema as unknown as Structural;

function validate(document: unknown) {
  const problems = new Problems();
  const copy = normalize(document as JsonObject, schema, "", problems, true);
  checkStructure(copy, schema, "", problems);
  if (!problems.hasErrors) checkRules(copy, schema, "", problems);
  return { copy, problems: problems.list.map(({ path, message }) => `${path}: ${message}`) };
}

const isAccepted = (document: unknown): boolean => validate(document).problems.length === 0;
const hash = { on: "Source" };

describe("balancing of a TrafficPolicy", () => {
  test("has defaults", () => {
    assert.deepEqual(validate({}).copy, { algorithm: "PeakEwma" });
    assert.deepEqual(
      validate({ slowStart: { window: "30s" }, zone: {}, failover: {}, sticky: { cookie: {} } }).copy,
      {
        algorithm: "PeakEwma",
        slowStart: { window: "30s", aggression: 1, minimumWeightPercent: 10 },
        zone: { mode: "Prefer", spillover: "Capacity", sameNode: false },
        failover: { overprovisioningPercent: 140, panicThresholdPercent: 50 },
        sticky: { cookie: {} },
      },
    );
    assert.deepEqual(validate({ algorithm: "RingHash", hash, ringHash: {} }).copy, {
      algorithm: "RingHash",
      hash,
      ringHash: { minimumSize: 512, maximumSize: 1_048_576 },
    });
  });

  test("what is hashed is given with the algorithms that hash, and with no other", () => {
    assert.ok(isAccepted({ algorithm: "Maglev", hash }));
    assert.ok(!isAccepted({ algorithm: "Maglev" }));
    assert.ok(!isAccepted({ algorithm: "RingHash" }));
    assert.ok(!isAccepted({ hash }));
    assert.ok(!isAccepted({ algorithm: "Maglev", hash, ringHash: {} }));
    assert.ok(!isAccepted({ algorithm: "RingHash", hash, maglev: {} }));
    assert.ok(!isAccepted({ algorithm: "RingHash", hash, slowStart: { window: "30s" } }));
  });

  test("a header, cookie or query parameter has a name, and only a cookie is made", () => {
    const accepts = (of: unknown) => isAccepted({ algorithm: "Maglev", hash: of });
    assert.ok(accepts({ on: "Header", name: "X-User" }));
    assert.ok(accepts({ on: "Query", name: "user[id]" }));
    assert.ok(accepts({ on: "Path" }));
    assert.ok(accepts({ on: "Cookie", name: "sid", cookie: { ttl: "1h", path: "/cart" } }));
    assert.ok(!accepts({ on: "Header" }));
    assert.ok(!accepts({ on: "Path", name: "x" }));
    assert.ok(!accepts({ on: "Header", name: "a b" }));
    assert.ok(!accepts({ on: "Cookie", name: "a;b" }));
    assert.ok(!accepts({ on: "Header", name: "x", cookie: {} }));
    assert.ok(!accepts({ on: "Cookie", name: "sid", cookie: { ttl: "10ms" } }));
    assert.ok(!accepts({ on: "Cookie", name: "sid", cookie: { path: "/; Secure" } }));
    assert.ok(!accepts({ on: "Cookie", name: "sid", cookie: { path: "/\r\nx" } }));
  });

  test("a table of Maglev has a prime size, a ring its sizes in order", () => {
    const maglev = (tableSize: number) => isAccepted({ algorithm: "Maglev", hash, maglev: { tableSize } });
    for (const size of [2, 251, 65_537, 5_000_011]) assert.ok(maglev(size), `${size}`);
    for (const size of [1, 4, 65_536, 5_000_012]) assert.ok(!maglev(size), `${size}`);
    assert.ok(
      !isAccepted({ algorithm: "RingHash", hash, ringHash: { minimumSize: 2_000, maximumSize: 1_000 } }),
    );
  });

  test("the same node first takes a spillover that knows nodes", () => {
    assert.ok(isAccepted({ zone: { sameNode: true, spillover: "Outage" } }));
    assert.ok(!isAccepted({ zone: { sameNode: true } }));
    assert.ok(!isAccepted({ zone: { sameNode: true, spillover: "Outage", mode: "Strict" } }));
  });

  test("a subset has labels", () => {
    assert.ok(isAccepted({ subset: { labels: { version: "v2" } } }));
    assert.ok(!isAccepted({ subset: { labels: {} } }));
    assert.ok(!isAccepted({ subset: {} }));
  });

  test("says what is wrong and the mend", () => {
    assert.deepEqual(validate({ algorithm: "Maglev" }).problems, [
      ": hash must be given with RingHash and Maglev, and with no other algorithm",
    ]);
    assert.deepEqual(validate({ algorithm: "Maglev", hash, maglev: { tableSize: 100 } }).problems, [
      "maglev.tableSize: must be a prime number, such as 65537",
    ]);
  });
});
