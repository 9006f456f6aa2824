import { ChunkedList } from "@heddle/engine/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CLUSTER_SETTINGS, type ClusterTls, type ClusterUnit } from "@heddle/engine/model";
import { hashUnit } from "../../compile/index.ts";
import { SystemAuthorities } from "./system-authorities.ts";

const cluster = (tls: Partial<ClusterTls> | null): ReturnType<typeof hashUnit> => {
  const whole = tls === null ? null : { serverName: "x", caPem: null, insecureSkipVerify: false, ...tls };
  const unit = {
    kind: "cluster",
    name: "c",
    endpoints: "c",
    protocol: "http1",
    tls: whole,
    settings: DEFAULT_CLUSTER_SETTINGS,
  };
  return hashUnit(unit as unknown as ClusterUnit);
};

function counted(found: Record<"system" | "extra", string[]>) {
  const reads: string[] = [];
  const authorities = new SystemAuthorities((kind) => {
    reads.push(kind);
    return found[kind];
  });
  return { authorities, reads };
}

test("the system's roots and the extra ones, each once, read once", () => {
  const { authorities, reads } = counted({ system: ["a\n", "b\n", "a\n"], extra: ["b", "c"] });
  const [given, ...more] = authorities.unitsFor(ChunkedList.of([cluster({})]));
  assert.deepEqual(given!.unit, { kind: "authorities", name: "system", caPem: "a\nb\nc" });
  assert.deepEqual(more, []);
  assert.equal(authorities.unitsFor(ChunkedList.of([cluster({})]))[0], given);
  assert.deepEqual(reads, ["system", "extra"]);
});

test("nothing is read where no cluster trusts the system", () => {
  const { authorities, reads } = counted({ system: ["a"], extra: [] });
  const others = [cluster(null), cluster({ caPem: "b" }), cluster({ insecureSkipVerify: true })];
  assert.deepEqual(authorities.unitsFor(ChunkedList.of(others)), []);
  assert.deepEqual(reads, []);
});

test("a system without roots leaves those of Node, which has the extra ones, too", () => {
  const { authorities } = counted({ system: [], extra: ["c"] });
  assert.deepEqual(authorities.unitsFor(ChunkedList.of([cluster({})])), []);
  assert.equal(authorities.caPem, null);
});
