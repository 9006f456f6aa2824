import assert from "node:assert/strict";
import { test } from "node:test";
import type { FilterSpec, RouteUnit } from "../model/index.ts";
import { FilterNames } from "./filter-names.ts";

const spec = (name: string, guards?: readonly FilterSpec[]): FilterSpec =>
  guards === undefined ? { name, config: {} } : { name, config: {}, guards };

const route = (filters: readonly FilterSpec[], ofBackend: readonly FilterSpec[] = []) =>
  ({ rules: [{ filters, backends: [{ filters: ofBackend }] }] }) as unknown as RouteUnit;

test("filters of a rule, of its backends and of what guards copies are told, each once", () => {
  const names = new FilterNames();
  const guards = [spec("authentication", [spec("rate-limit")])];
  names.note(route([spec("jwt"), spec("mirror", guards)], [spec("jwt"), spec("recorder", [spec("denial")])]));
  assert.deepEqual([...names.takeNew()].sort(), [
    "authentication",
    "denial",
    "jwt",
    "mirror",
    "rate-limit",
    "recorder",
  ]);
  names.note(route([spec("mirror", [spec("cors")])]));
  assert.deepEqual(names.takeNew(), ["cors"]);
  names.noteListener({
    servers: [{ unrouted: [spec("own")] }, {}],
    unrouted: [spec("error-pages")],
  } as never);
  assert.deepEqual(names.takeNew(), ["own", "error-pages"]);
  assert.deepEqual(names.takeNew(), []);
});
