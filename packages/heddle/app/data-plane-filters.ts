import type { FilterRegistry } from "@heddle/engine/filter";
import { withLimitStores } from "@heddle/filters";
import { openLimitStores } from "../limit-store/index.ts";

/** The filters of one data plane, with what they have outside of it. */
export const dataPlaneFilters = (): FilterRegistry => withLimitStores(openLimitStores());
