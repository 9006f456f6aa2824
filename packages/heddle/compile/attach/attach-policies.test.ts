import { ChunkedList } from "@heddle/engine/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, makeKey, validateResource, type Resource } from "../../resources/index.ts";
import { Collector } from "../pass/collector.ts";
import type { RejectedResource } from "../io/compile-io.ts";
import { CompileMemo } from "../pass/memo.ts";
import type { PolicyStatus } from "../io/status.ts";
import { PolicyPlace } from "../policies/policy-source.ts";
import { attachPolicies, effectiveOf, policiesOn, type Policy, type PolicyKind } from "./index.ts";

interface GuardSpec {
  readonly targetRefs: Policy["spec"]["targetRefs"];
  readonly allow?: string;
  readonly limits?: { readonly high?: number; readonly low?: number };
  readonly pool?: string;
}

const guard: PolicyKind<GuardSpec> = {
  kind: "GuardPolicy",
  targets: ["Gateway", "HTTPRoute", "Service"],
  fields: { allow: "rule", "limits.high": "rule", "limits.low": "rule", pool: "cluster" },
  failure: "closed",
  emit: {},
};

function policy(
  name: string,
  targetRefs: GuardSpec["targetRefs"],
  rest: Partial<GuardSpec> = {},
  creationTimestamp?: string,
): Policy<GuardSpec> {
  const metadata = { name, namespace: "shop", ...(creationTimestamp !== undefined && { creationTimestamp }) };
  return { apiVersion: "heddle.dev/v1alpha1", kind: "GuardPolicy", metadata, spec: { targetRefs, ...rest } };
}

function resource(apiVersion: string, kind: string, spec: unknown): Resource {
  const metadata = { name: "orders", namespace: "shop" };
  const found = validateResource({ apiVersion, kind, metadata, spec });
  assert.ok(found.resource, JSON.stringify(found.problems));
  return found.resource;
}

const route = resource("gateway.networking.k8s.io/v1", "HTTPRoute", {
  rules: [{ name: "pay" }, {}],
});
const service = resource("v1", "Service", { ports: [{ name: "http", port: 80 }] });
const place = new PolicyPlace("HTTPRoute", "shop", "orders", "pay");
const onRoute = { kind: "HTTPRoute", name: "orders" } as const;

class Rig {
  readonly memo = new CompileMemo();
  readonly facts = this.memo.facts;
  statuses: ReadonlyMap<string, unknown> = new Map();

  run(policies: readonly Policy[], rejected: readonly RejectedResource[] = [], kind: PolicyKind = guard) {
    const options = { nowMs: 0 };
    this.memo.begin(options);
    const collector = new Collector();
    const { facts, memo } = this;
    for (const _ of facts.take(ChunkedList.of([route, service])));
    for (const _ of attachPolicies([{ kind, policies }], rejected, { facts, memo, options, collector }));
    this.memo.end();
    const output = collector.output(memo);
    this.statuses = output.statuses;
    return output;
  }

  verdicts(name: string): string[] {
    const status = this.statuses.get(makeKey("heddle.dev", "GuardPolicy", "shop", name)) as PolicyStatus;
    return status.ancestors.map(({ conditions }) => conditions[0]!.reason);
  }

  effective(chain: readonly PolicyPlace[] = [place]) {
    return effectiveOf(guard, "rule", chain, this.facts);
  }
}

test("the most specific policy gives a field, or each part of one, and it is known which did", () => {
  const rig = new Rig();
  rig.run([
    policy("all", [onRoute], { allow: "all", limits: { high: 1, low: 2 } }),
    policy("pay", [{ ...onRoute, sectionName: "pay" }], { limits: { low: 3 } }),
  ]);
  const found = rig.effective();
  assert.deepEqual(found?.spec, { limits: { low: 3, high: 1 }, allow: "all" });
  assert.deepEqual(
    found?.sources.map(({ field, policy: key, target }) => [field, key, target]),
    [
      ["allow", "heddle.dev/GuardPolicy/shop/all", "HTTPRoute shop/orders"],
      ["limits.high", "heddle.dev/GuardPolicy/shop/all", "HTTPRoute shop/orders"],
      ["limits.low", "heddle.dev/GuardPolicy/shop/pay", "HTTPRoute shop/orders rule pay"],
    ],
  );
  assert.deepEqual(rig.effective([new PolicyPlace("HTTPRoute", "shop", "orders", "1")])?.spec.limits, {
    high: 1,
    low: 2,
  });
  assert.equal(rig.effective([new PolicyPlace("HTTPRoute", "shop", "other", "pay")]), null);
});

test("later places of a chain go before earlier ones", () => {
  const rig = new Rig();
  rig.run([
    policy("gateway", [{ kind: "Gateway", name: "edge" }], { limits: { high: 1, low: 1 }, pool: "x" }),
    policy("route", [onRoute], { limits: { high: 2 } }),
  ]);
  const chain = [new PolicyPlace("Gateway", "shop", "edge"), place];
  assert.deepEqual(rig.effective(chain)?.spec, { limits: { high: 2, low: 1 } });
});

test("of two with one target the older holds, then the lower name", () => {
  const rig = new Rig();
  rig.run([
    policy("a", [onRoute], { allow: "a" }, "2026-01-02T00:00:00Z"),
    policy("c", [onRoute], { allow: "c" }, "2026-01-01T00:00:00Z"),
    policy("b", [onRoute], { allow: "b" }, "2026-01-01T00:00:00Z"),
  ]);
  assert.equal(rig.effective()?.spec.allow, "b");
  assert.deepEqual(
    ["a", "b", "c"].map((name) => rig.verdicts(name)[0]),
    ["Conflicted", "Accepted", "Conflicted"],
  );
});

test("what cannot hold says why, and stands in no other's way", () => {
  const rig = new Rig();
  const { problems } = rig.run([
    policy(
      "wrong",
      [
        { kind: "HTTPRoute", name: "missing" },
        { ...onRoute, sectionName: "nothing" },
        { kind: "Service", name: "orders", sectionName: "http" },
      ],
      { allow: "x" },
    ),
    policy(
      "young",
      [{ kind: "Service", name: "orders", sectionName: "http" }],
      { pool: "p" },
      "2026-01-01T00:00:00Z",
    ),
  ]);
  assert.deepEqual(rig.verdicts("wrong"), ["TargetNotFound", "TargetNotFound", "Invalid"]);
  assert.deepEqual(rig.verdicts("young"), ["Accepted"]);
  assert.deepEqual(
    problems.map(({ path, message }) => `${path}: ${message}`),
    [
      "spec.targetRefs[0]: there is no HTTPRoute shop/missing",
      "spec.targetRefs[1].sectionName: HTTPRoute shop/orders has no rule nothing; it has pay, 1",
      "spec.allow: has no effect on Services; attach it to an HTTPRoute, a GRPCRoute or a Gateway by a policy of its own",
    ],
  );
});

const broken = (lastGood?: Policy): RejectedResource => ({
  key: keyOf(policy("lock", [])),
  kind: "GuardPolicy",
  problems: [],
  document: { metadata: { name: "lock" }, spec: { targetRefs: [onRoute], allow: 7 } },
  ...(lastGood !== undefined && { lastGood: lastGood as unknown as Resource }),
});

test("a policy that fails closed and turns invalid keeps its last good version in force", () => {
  const rig = new Rig();
  rig.run([], [broken(policy("lock", [onRoute], { allow: "friends" }))]);
  assert.equal(rig.effective()?.spec.allow, "friends");
  assert.equal(rig.effective()?.denial, "");
  assert.deepEqual(rig.verdicts("lock"), ["Invalid"]);
});

test("without a last good version its targets deny, whatever goes before it along the chain", () => {
  const rig = new Rig();
  rig.run([policy("pay", [{ ...onRoute, sectionName: "pay" }], { allow: "all" })], [broken()]);
  assert.equal(rig.effective()?.denial, "GuardPolicy shop/lock on HTTPRoute shop/orders has errors");
  assert.deepEqual(rig.verdicts("lock"), ["Invalid"]);
});

/** One whose targets are written so, without a good version before it. */
const unreadable = (targetRefs: unknown, name = "lock"): RejectedResource => ({
  key: keyOf(policy(name, [])),
  kind: "GuardPolicy",
  problems: [],
  document: { metadata: { name }, spec: { targetRefs, allow: 7 } },
});

test("where its targets cannot be read all of its namespace denies, and no other", () => {
  const named = policy("pay", [{ ...onRoute, sectionName: "pay" }], { allow: "all" });
  const unnamed = [{ kind: "HTTPRoute", nam: "orders" }];
  for (const refs of [undefined, [], "orders", unnamed, [{ kind: "Rout", name: "orders" }]]) {
    const rig = new Rig();
    const { problems } = rig.run([named], [unreadable(refs)]);
    const denial = "GuardPolicy shop/lock on all of namespace shop has errors";
    assert.equal(rig.effective()?.denial, denial, JSON.stringify(refs));
    assert.equal(rig.effective([new PolicyPlace("HTTPRoute", "other", "orders", "pay")]), null);
    const pool = new PolicyPlace("Service", "shop", "any");
    assert.equal(effectiveOf(guard, "cluster", [pool], rig.facts)?.denial, denial);
    assert.deepEqual(policiesOn([guard], "rule", new PolicyPlace("Gateway", "shop", "any"), rig.facts), [
      "guardpolicy/shop/lock",
    ]);
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["spec.targetRefs"],
    );
    assert.deepEqual(rig.verdicts("lock"), ["Invalid"]);
  }
});

test("one target among others that cannot be read may be anything of its namespace", () => {
  const refs = [
    { kind: "HTTPRoute", name: "else" },
    { kind: "HTTPRoute", name: "orders", sectionName: 1 },
  ];
  const rig = new Rig();
  rig.run([], [unreadable(refs)]);
  assert.notEqual(rig.effective()?.denial, "");
  assert.deepEqual(rig.verdicts("lock"), ["Invalid", "Invalid"]);
});

test("targets that were read once, or of what fails open, deny nothing", () => {
  const rig = new Rig();
  rig.run([], [{ ...broken(policy("lock", [onRoute], { allow: "friends" })), document: {} }]);
  assert.equal(rig.effective()?.denial, "");
  rig.run([], [unreadable([])], { ...guard, failure: "open" });
  assert.equal(effectiveOf({ ...guard, failure: "open" }, "rule", [place], rig.facts), null);
});

test("a policy that fails open and turns invalid is not there, and says so", () => {
  const rig = new Rig();
  const open = { ...guard, failure: "open" } as const;
  rig.run([], [broken(policy("lock", [onRoute], { allow: "friends" }))], open);
  assert.equal(rig.effective(), null);
  assert.deepEqual(rig.verdicts("lock"), ["Invalid"]);
});

test("what did not change is the same object in the next run", () => {
  const rig = new Rig();
  const one = policy("one", [onRoute], { allow: "x" });
  const fact = `~policy/GuardPolicy/${keyOf(route)}`;
  rig.run([one]);
  const before = rig.facts.read(fact);
  const status = rig.statuses.get(keyOf(one));
  rig.run([one, policy("two", [{ kind: "Service", name: "orders" }])]);
  assert.equal(rig.facts.read(fact), before);
  assert.equal(rig.statuses.get(keyOf(one)), status);
});

test("a policy that says nothing but where it holds is told that it has no effect", () => {
  const { problems } = new Rig().run([
    policy("empty", [onRoute]),
    policy("full", [onRoute], { allow: "all" }),
  ]);
  assert.deepEqual(
    problems
      .filter(({ severity }) => severity === "warning")
      .map(({ key, path, message }) => [key, path, message]),
    [
      [
        makeKey("heddle.dev", "GuardPolicy", "shop", "empty"),
        "spec",
        "says where it holds, and nothing else: it has no effect; GuardPolicy has allow, limits, pool",
      ],
    ],
  );
});

test("a policy that says nothing holds its target against no other", () => {
  for (const rest of [{}, { limits: {} }]) {
    const rig = new Rig();
    const { problems } = rig.run([
      policy("a-empty", [onRoute], rest),
      policy("full", [onRoute], { allow: "all" }),
    ]);
    assert.deepEqual(
      problems.map(({ severity }) => severity),
      ["warning"],
    );
    assert.deepEqual(rig.verdicts("a-empty"), ["Accepted"]);
    assert.deepEqual(rig.verdicts("full"), ["Accepted"]);
    assert.equal(rig.effective()?.spec.allow, "all");
  }
});
