import { ChunkedList } from "@heddle/engine/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import { validateResource, type Resource } from "../../resources/index.ts";
import { Collector } from "../pass/collector.ts";
import type { RejectedResource } from "../io/compile-io.ts";
import { placeFilters } from "../filters/filter-stages.ts";
import { CompileMemo } from "../pass/memo.ts";
import { PolicyPlace, namespacePlace } from "../policies/policy-source.ts";
import { requestPlace } from "../filters/request-place.ts";
import type { Finding, PolicyStatus } from "../io/status.ts";
import { attachPolicies, policyFiltersOf, type Policy, type PolicyKind } from "./index.ts";

interface GuardSpec {
  readonly targetRefs: Policy["spec"]["targetRefs"];
  readonly who?: string;
  readonly size?: number;
  /** A Secret that is not there. */
  readonly secret?: string;
}

const missing = ({ secret }: Partial<GuardSpec>): Finding[] =>
  secret === undefined
    ? []
    : [{ reason: "RefNotFound", path: "spec.secret", message: `there is no Secret ${secret}` }];

const guard: PolicyKind<GuardSpec> = {
  kind: "GuardPolicy",
  targets: ["Namespace", "Gateway", "HTTPRoute", "Service"],
  fields: { who: "request", size: "request", secret: "request" },
  failure: "closed",
  findings: ({ spec }) => missing(spec),
  emit: {
    request: ({ spec }) => ({
      filters: [
        { stage: "content", spec: { name: "size", config: spec.size } },
        { stage: "authentication", spec: { name: "who", config: spec.who } },
      ],
      data: ["keys/shop"],
      findings: missing(spec),
    }),
  },
};

const policy = (
  name: string,
  kind: "Namespace" | "HTTPRoute" | "Service",
  target: string,
  rest: object,
): Policy => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind: "GuardPolicy",
  metadata: { name, namespace: "shop" },
  spec: { targetRefs: [{ kind, name: target }], ...rest } as GuardSpec,
});

const route = new PolicyPlace("HTTPRoute", "shop", "orders", "0");
const namespace = namespacePlace("shop");

function found(policies: readonly Policy[], rejected: readonly RejectedResource[] = []) {
  const options = { nowMs: 0 };
  const memo = new CompileMemo();
  memo.begin(options);
  const { facts } = memo;
  const metadata = { name: "orders", namespace: "shop" };
  const made = validateResource({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata,
    spec: { rules: [{}] },
  });
  for (const _ of facts.take(ChunkedList.of([made.resource as Resource])));
  const collector = new Collector();
  for (const _ of attachPolicies([{ kind: guard, policies }], rejected, { facts, memo, options, collector }));
  const filters = policyFiltersOf([guard], [namespace, route], requestPlace(facts, options));
  return { filters, output: collector.output(memo) };
}

test("a policy of the namespace and one of the route make one set of filters, field by field", () => {
  const { filters } = found([
    policy("all", "Namespace", "shop", { who: "anybody", size: 10 }),
    policy("own", "HTTPRoute", "orders", { who: "staff" }),
  ]);
  assert.deepEqual(
    filters.filters.map(({ spec }) => spec),
    [
      { name: "size", config: 10 },
      { name: "who", config: "staff" },
    ],
  );
  assert.deepEqual(filters.data, ["keys/shop"]);
  assert.deepEqual(
    filters.sources.map(({ field, target }) => [field, target]),
    [
      ["who", "HTTPRoute shop/orders"],
      ["size", "Namespace shop/shop"],
    ],
  );
});

test("without a policy there are no filters", () => {
  assert.deepEqual(found([]).filters.filters, []);
});

test("a policy that refers to what is not there denies, and its status says so", () => {
  const { filters, output } = found([policy("own", "HTTPRoute", "orders", { who: "staff", secret: "keys" })]);
  assert.deepEqual(
    filters.filters.map(({ spec }) => spec.name),
    ["denial"],
  );
  const [status] = output.statuses.values();
  const { conditions } = (status as PolicyStatus).ancestors[0]!;
  const resolved = conditions.find(({ type }) => type === "ResolvedRefs");
  assert.equal(resolved?.status, "False");
  assert.equal(output.problems[0]?.message, "there is no Secret keys");
});

test("a policy with errors and no good version denies in the place of its filters", () => {
  const rejected = {
    key: "heddle.dev/GuardPolicy/shop/own",
    kind: "GuardPolicy",
    problems: [],
    document: { spec: { targetRefs: [{ kind: "HTTPRoute", name: "orders" }] } },
  } as unknown as RejectedResource;
  const { filters } = found([], [rejected]);
  assert.deepEqual(
    filters.filters.map(({ spec }) => spec.name),
    ["denial"],
  );
});

test("a policy of another namespace than its own is refused, with the mend", () => {
  const { filters, output } = found([policy("all", "Namespace", "other", { who: "staff" })]);
  assert.deepEqual(filters.filters, []);
  assert.match(output.problems[0]!.message, /its own namespace, shop/);
});

test("filters stand in the order of their stages, CORS of the route before who may call", () => {
  const spec = (name: string) => ({ name, config: null });
  const placed = [
    { stage: "content", spec: spec("size") },
    { stage: "authentication", spec: spec("who") },
    { stage: "transformation", spec: spec("last") },
    { stage: "responses", spec: spec("first") },
  ] as const;
  const own = [spec("rewrite"), spec("cors")];
  assert.deepEqual(
    placeFilters(placed, own).map(({ name }) => name),
    ["first", "cors", "who", "size", "rewrite", "last"],
  );
  assert.equal(placeFilters([], own), own);
});
