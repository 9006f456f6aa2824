import assert from "node:assert/strict";
import { test } from "node:test";
import { measureCpuMs } from "@heddle/testkit";
import { seededRandom } from "@heddle/engine/base";
import { validateResource } from "../../resources/index.ts";
import { intersectHostname } from "../values/hostnames.ts";
import { findLost } from "./route-conflicts.ts";
import type { RequestRoute } from "./route-parents.ts";

function claimant(kind: "HTTPRoute" | "GRPCRoute", name: string, hostnames: readonly string[]) {
  const { resource } = validateResource({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { name },
    spec: { hostnames: hostnames.filter((one) => one !== "") },
  });
  return { route: resource as RequestRoute, claims: [{ listener: "l", hostnames }] };
}

/** Whether the younger of two, by name, loses. */
function conflicts(first: string, second: string): boolean {
  const lost = findLost([claimant("HTTPRoute", "a", [first]), claimant("GRPCRoute", "b", [second])]);
  return [...lost.keys()].some((key) => key.endsWith("/b"));
}

test("hosts conflict exactly where they intersect", () => {
  const random = seededRandom(31);
  const labels = ["a", "b", "ab"];
  const label = () => labels[Math.floor(random.next() * labels.length)]!;
  const host = () => {
    if (random.next() < 0.1) return "";
    const name = Array.from({ length: 1 + Math.floor(random.next() * 3) }, label).join(".");
    return random.next() < 0.4 ? `*.${name}` : name;
  };
  for (let i = 0; i < 2_000; i++) {
    const [one, two] = [host(), host()];
    assert.equal(conflicts(one, two), intersectHostname(one, two) !== null, `"${one}" and "${two}", seed 31`);
  }
});

test("routes of one kind do not conflict, nor do those that lost take hosts from others", () => {
  const lost = findLost([
    claimant("HTTPRoute", "a", ["x.test"]),
    claimant("HTTPRoute", "b", ["x.test"]),
    claimant("GRPCRoute", "c", ["x.test", "y.test"]),
    claimant("HTTPRoute", "d", ["y.test"]),
  ]);
  assert.deepEqual(
    [...lost].map(([key, [one]]) => [key.split("/").at(-1), one!.winner, one!.hostname]),
    [["c", "HTTPRoute default/b", "x.test"]],
  );
});

test("ten thousand routes of each kind are sorted out in a moment", async () => {
  const kinds = [claimant("HTTPRoute", "r", []), claimant("GRPCRoute", "r", [])];
  const claimants = Array.from({ length: 20_000 }, (_, i) => {
    const { route } = kinds[i % 2]!;
    const named = { ...route, metadata: { ...route.metadata, name: `r${i}` } } as RequestRoute;
    return { route: named, claims: [{ listener: "l", hostnames: [`h${i}.test`] }] };
  });
  const spentMs = await measureCpuMs(() => assert.equal(findLost(claimants).size, 0));
  assert.ok(spentMs < 3_000);
});
