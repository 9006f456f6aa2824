/**
 * Filters that users write: their code is a data unit, loaded in every worker by the hash of its content; calls into it are
 * timed, and what it throws fails its exchange and nothing else. What users see of it is `../define`.
 */
export { ownModule } from "./code-hooks.ts";
export { filterCodePrefix } from "./config.ts";
export type { FilterCode, FilterModule, OwnFilterConfig } from "./config.ts";
export { buildOwn, own } from "./filter.ts";
export { filterNoteTopic } from "./filter-watch.ts";
export type { FilterNote } from "./filter-watch.ts";
export { loadFilterCode } from "./loaded-code.ts";
