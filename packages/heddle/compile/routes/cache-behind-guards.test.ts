import assert from "node:assert/strict";
import { test } from "node:test";
import { cachesBehindGuards } from "./cache-behind-guards.ts";
import {
  placeBehindOwn,
  placeFilters,
  type FilterStage,
  type PlacedFilter,
} from "../filters/filter-stages.ts";

const at = (stage: FilterStage, name: string): PlacedFilter => ({ stage, spec: { name, config: null } });
const own = (name: string) => ({ name, config: null });
const cache = at("cache", "cache");
const jwt = at("authentication", "jwt");
const denial = at("responses", "denial");

type Side = readonly [placed: readonly PlacedFilter[], own?: readonly string[]];

/** The names of the rule's filters and of those of each backend, in order. */
function order([placed, names = []]: Side, ...backends: readonly Side[]): string[] {
  const rule = { placed, own: names.map(own) };
  const others = backends.map(([other, mine = []]) => ({ placed: other, own: mine.map(own) }));
  const made = cachesBehindGuards(rule, others);
  const all = [
    placeFilters(made.rule, rule.own),
    ...made.backends.map((one, i) => placeBehindOwn(one, others[i]!.own)),
  ];
  return all.map((filters) => filters.map(({ name }) => name).join(" "));
}

const table: readonly (readonly [string, readonly Side[], readonly string[]])[] = [
  ["it stays behind a filter of the user's own", [[[cache], ["own"]], [[]]], ["own cache", ""]],
  ["also one of a policy", [[[cache, at("transformation", "own")]], [[]]], ["own cache", ""]],
  ["a rule's cache stays behind the rule's guard", [[[cache, jwt]], [[]]], ["jwt cache", ""]],
  [
    "a Service's guard sees what the route's backendRef made of it",
    [[[]], [[jwt], ["header"]]],
    ["", "header jwt"],
  ],
  ["it moves behind the guard of a Service", [[[cache]], [[jwt]]], ["", "jwt cache"]],
  ["to all backends where one has a guard", [[[cache]], [[jwt]], [[]]], ["", "jwt cache", "cache"]],
  [
    "one with a cache of its own keeps that alone",
    [[[cache]], [[cache, jwt]], [[]]],
    ["", "jwt cache", "cache"],
  ],
  ["a Service that denies denies what is stored", [[[cache]], [[denial]]], ["", "denial cache"]],
  [
    "a route's own authorization comes first",
    [[[cache], ["external-authorization", "rewrite"]], [[]]],
    ["external-authorization rewrite cache", ""],
  ],
  [
    "and a backendRef's own",
    [[[cache]], [[], ["external-authorization"]]],
    ["", "external-authorization cache"],
  ],
  [
    "without guards it stays before the rule's own filters",
    [[[cache], ["rewrite"]], [[]]],
    ["cache rewrite", ""],
  ],
];

for (const [title, [rule, ...backends], expected] of table) {
  test(title, () => assert.deepEqual(order(rule!, ...backends), expected));
}
