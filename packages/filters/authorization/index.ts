/** Rules on who may do what: over the caller, where it calls from, and the request. */
export { authorization } from "./filter.ts";
export type {
  AuthorizationConfig,
  AuthorizationRule,
  ConditionConfig,
  TextCondition,
  TextMatch,
  TimeWindow,
} from "./config.ts";
