import type { Filter } from "@heddle/engine/filter";
import type { ConfigOf, FilterSchema } from "./filter-schema.ts";
import type { OwnFilterContext } from "./own-filter-context.ts";

/** Two copies of this package know each other's filters by it. */
const mark = Symbol.for("heddle.dev/filter/v1");

/**
 * What a filter does, by phase; each may be left out. Request phases run in the order of a route's filters, response
 * phases in reverse:
 *
 *   requestHead ─► requestBody ─► requestTrailers ─► backend ─► responseHead ─► responseBody ─► responseTrailers ─► end
 *
 * A head phase returns nothing, and the exchange goes on, or a Reply, which is the answer. One that must wait returns a
 * promise; what it waits for is given up when `exchange.abortSignal()` fires. A phase that throws fails its exchange with
 * 500 (HDL_FILTER_FAILED). `end` runs once for every exchange whose `requestHead` was entered.
 */
export type FilterPhases = Omit<Filter, "name">;

/** What `defineFilter` takes. */
export interface FilterSource<S extends FilterSchema> {
  /** What it is called in messages: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Of `spec.config` of the Filter: TypeBox, JSON Schema as plain data, or any Standard Schema. */
  readonly schema: S;
  /**
   * Builds the filter for one route, each time that a configuration is put in force which has changed it, in every worker.
   * It waits for nothing. One that throws leaves the route without its filter: it answers 500.
   */
  create(config: ConfigOf<S>, context: OwnFilterContext): FilterPhases;
}

/** A filter that `defineFilter` made. */
export interface FilterDefinition<Config = unknown> {
  readonly name: string;
  readonly schema: FilterSchema;
  create(config: Config, context: OwnFilterContext): FilterPhases;
}

const goodName = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;

/**
 * Defines a filter of your own. Its module exports what this gives, as default or by a name, and a Filter resource names
 * the module. Throws TypeError for what is no definition.
 */
export function defineFilter<const S extends FilterSchema>(
  source: FilterSource<S>,
): FilterDefinition<ConfigOf<S>> {
  const { name, schema, create } = source;
  if (typeof name !== "string" || !goodName.test(name))
    throw new TypeError(
      `name must be 1 to 40 lower-case letters, digits and hyphens, such as "tenant-header"`,
    );
  if (typeof schema !== "object" || schema === null)
    throw new TypeError(`schema of filter ${name} must be a schema; write { type: "object" } for any object`);
  if (typeof create !== "function") throw new TypeError(`create of filter ${name} must be a function`);
  return Object.freeze({
    [mark]: true,
    name,
    schema,
    create: (config: ConfigOf<S>, context: OwnFilterContext) => source.create(config, context),
  });
}

/** Tells what `defineFilter` made, whichever copy of this package did. */
export function isFilterDefinition(value: unknown): value is FilterDefinition {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[mark] === true;
}
