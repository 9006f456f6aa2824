import assert from "node:assert/strict";
import { test } from "node:test";
import { builtinFilters } from "@heddle/filters";
import type {
  CorsConfig,
  FaultsConfig,
  HeaderModifierConfig,
  MirrorConfig,
  RedirectConfig,
  RewriteConfig,
} from "@heddle/filters";
import type * as specs from "./filter-specs.ts";

/** Filters may not import this package, so each shape is written twice; `tsc` compares them here, both ways. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
const sameShapes: readonly true[] = [
  true satisfies Same<specs.HeaderModifierConfig, HeaderModifierConfig>,
  true satisfies Same<specs.RedirectConfig, RedirectConfig>,
  true satisfies Same<specs.RewriteConfig, RewriteConfig>,
  true satisfies Same<specs.MirrorConfig, MirrorConfig>,
  true satisfies Same<specs.CorsConfig, CorsConfig>,
  true satisfies Same<specs.FaultsConfig, FaultsConfig>,
];

test("every filter that compile emits has a factory, and its configuration is that factory's", () => {
  const names: Record<specs.GatewayFilterSpec["name"], true> = {
    "header-modifier": true,
    redirect: true,
    rewrite: true,
    mirror: true,
    cors: true,
    faults: true,
  };
  assert.deepEqual([...builtinFilters.keys()].sort(), Object.keys(names).sort());
  assert.equal(sameShapes.length, builtinFilters.size);
});
