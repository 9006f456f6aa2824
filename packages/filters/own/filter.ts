import type { FilterContext, FilterFactory } from "@heddle/engine/filter";
import { isStandardSchema } from "../define/index.ts";
import type { FilterDefinition } from "../define/index.ts";
import type { OwnFilterConfig } from "./config.ts";
import { FilterWatch } from "./filter-watch.ts";
import { loadedFilter } from "./loaded-code.ts";
import { WatchedContext } from "./watched-context.ts";
import { watchPhases } from "./watched-phases.ts";

/** Filters of the user's own, from code that `loadFilterCode` has loaded. */
export const own: FilterFactory<OwnFilterConfig> = {
  name: "own",
  create: (config, context) => buildOwn(loadedFilter(config.code, config.export), config, context),
};

/** Builds a filter of a definition. Throws where that does, or gives what is no filter. */
export function buildOwn(definition: FilterDefinition, config: OwnFilterConfig, context: FilterContext) {
  const budgetMs = config.budgetMs === 0 ? Infinity : config.budgetMs;
  const watch = new FilterWatch(config.filter, config.code, budgetMs, context);
  const watched = new WatchedContext(config, context, watch);
  const phases = watch.build(() => definition.create(readConfig(definition, config.config), watched));
  watched.close();
  return watchPhases(config.filter, phases, watch);
}

/** Its own copy: what one filter does to it no other sees. */
function readConfig({ schema }: FilterDefinition, config: unknown): unknown {
  const copy: unknown = structuredClone(config);
  if (!isStandardSchema(schema)) return deepFreeze(copy);
  const result = schema["~standard"].validate(copy);
  if (result instanceof Promise) throw new TypeError("its schema must validate at once, not by a promise");
  if (result.issues === undefined) return result.value;
  throw new TypeError(`config: ${result.issues.map(({ message }) => message).join("; ")}`);
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const one of Object.values(value)) deepFreeze(one);
  return Object.freeze(value);
}
