import assert from "node:assert/strict";
import { test } from "node:test";
import type { FilterContext } from "@heddle/engine/filter";
import { builtinFilters } from "../index.ts";
import { LazyFilters } from "./lazy-filters.ts";
import { builtinLoaders } from "./loaders.ts";

const noContext = {} as FilterContext;

test("every filter of the package can be loaded by its name", async () => {
  const filters = new LazyFilters(builtinLoaders);
  await filters.load([...builtinFilters.keys()]);
  assert.deepEqual(filters.registry, builtinFilters);
  assert.deepEqual(Object.keys(builtinLoaders).sort(), [...builtinFilters.keys()].sort());
});

test("what no configuration uses is not loaded, and nothing twice", async () => {
  let loads = 0;
  const loader = async () => {
    loads++;
    return { name: "a", create: () => ({ name: "a" }) };
  };
  const filters = new LazyFilters({ a: loader, b: () => assert.fail("b is not used") });
  await filters.load(["a", "unknown", "toString"]);
  await filters.load(["a"]);
  assert.deepEqual([...filters.registry.keys()], ["a"]);
  assert.equal(loads, 1);
});

test("a filter whose code cannot be loaded cannot be built, and says why", async () => {
  const filters = new LazyFilters({ a: () => Promise.reject(new Error("no such file")) });
  await filters.load(["a"]);
  assert.throws(() => filters.registry.get("a")!.create({}, noContext), {
    message: "its code cannot be loaded: no such file",
  });
});
