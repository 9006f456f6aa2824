import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { testFilter } from "../testing/index.ts";
import { defineFilter, isFilterDefinition } from "./index.ts";
import type { StandardSchema } from "./index.ts";

type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const isTrue = <T extends true>(value: T): T => value;

const standard: StandardSchema<{ since: Date }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate(value) {
      const since = new Date((value as { since?: string }).since ?? "");
      return Number.isNaN(since.getTime())
        ? { issues: [{ message: "must be a date", path: ["since"] }] }
        : { value: { since } };
    },
  },
};

test("the configuration's type is that of the schema, whichever kind it is", async () => {
  const byTypebox = defineFilter({
    name: "typebox",
    schema: Type.Object({ limit: Type.Integer(), tags: Type.Optional(Type.Array(Type.String())) }),
    create(config) {
      isTrue<Equal<typeof config.limit, number>>(true);
      isTrue<Equal<typeof config.tags, string[] | undefined>>(true);
      return { responseHead: (_exchange, head) => head.fields.set("x-limit", String(config.limit + 1)) };
    },
  });
  const byJsonSchema = defineFilter({
    name: "json-schema",
    schema: { type: "object", required: ["limit"], properties: { limit: { type: "number" } } },
    create(config) {
      isTrue<Equal<typeof config.limit, number>>(true);
      return { responseHead: (_exchange, head) => head.fields.set("x-limit", String(config.limit + 1)) };
    },
  });
  const byStandard = defineFilter({
    name: "standard",
    schema: standard,
    create(config) {
      isTrue<Equal<typeof config.since, Date>>(true);
      return {
        responseHead: (_exchange, head) => head.fields.set("x-limit", String(config.since.getUTCFullYear())),
      };
    },
  });
  const answers = [
    await (await testFilter(byTypebox, { limit: 1 })).fetch("/"),
    await (await testFilter(byJsonSchema, { limit: 1 })).fetch("/"),
    await (await testFilter(byStandard, { since: "2026-01-01" })).fetch("/"),
  ];
  assert.deepEqual(
    answers.map(({ headers }) => headers["x-limit"]),
    ["2", "2", "2026"],
  );
  await assert.rejects(
    testFilter(byStandard, { since: "soon" }),
    /^FilterConfigError: since: must be a date$/,
  );
});

test("what is no definition is refused where it is written", () => {
  const create = () => ({});
  for (const [source, message] of [
    [{ name: "Bad Name", schema: {}, create }, /^TypeError: name must be/],
    [{ name: "x", schema: null, create }, /^TypeError: schema of filter x must be a schema/],
    [{ name: "x", schema: {} }, /^TypeError: create of filter x must be a function/],
  ] as const) {
    assert.throws(() => defineFilter(source as never), message);
  }
  assert.ok(isFilterDefinition(defineFilter({ name: "x", schema: {}, create })));
  assert.ok(!isFilterDefinition({ name: "x", schema: {}, create }));
});

test("a configuration cannot be changed by the filter that reads it", async () => {
  const filter = defineFilter({
    name: "x",
    schema: { type: "object", properties: { list: { type: "array" } } },
    create(config) {
      return {
        requestHead() {
          (config as { list: unknown[] }).list.push(1);
        },
      };
    },
  });
  assert.equal((await (await testFilter(filter, { list: [] })).fetch("/")).fault, "HDL_FILTER_FAILED");
});
