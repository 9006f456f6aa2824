import { isDeepStrictEqual } from "node:util";
import type { Status, StatusCondition } from "../../compile/index.ts";

type Json = Record<string, unknown>;

/** The lists of a status whose items have conditions of their own, and what tells the items apart. */
const nested: Readonly<Record<string, string>> = {
  listeners: "name",
  parents: "parentRef",
  ancestors: "ancestorRef",
};

/**
 * A status with the time of each condition's last change: that of the condition before where its `status` is the
 * same (Kubernetes API conventions), else `now`, an RFC 3339 time.
 */
export function stampStatus(status: Status, previous: unknown, now: string): Json {
  return stamp(status as unknown as Json, isJson(previous) ? previous : {}, now);
}

function stamp(status: Json, previous: Json, now: string): Json {
  const stamped: Json = { ...status };
  if (Array.isArray(status["conditions"])) {
    stamped["conditions"] = stampConditions(
      status["conditions"] as StatusCondition[],
      itemsOf(previous["conditions"]),
      now,
    );
  }
  for (const [list, name] of Object.entries(nested)) {
    if (!Array.isArray(status[list])) continue;
    const before = itemsOf(previous[list]);
    stamped[list] = itemsOf(status[list]).map((item) => {
      const old = before.find((one) => isDeepStrictEqual(one[name], item[name])) ?? {};
      return stamp(item, old, now);
    });
  }
  return stamped;
}

function stampConditions(conditions: readonly StatusCondition[], previous: readonly Json[], now: string) {
  return conditions.map((condition) => {
    const old = previous.find(({ type }) => type === condition.type);
    const isSame = old?.["status"] === condition.status && typeof old["lastTransitionTime"] === "string";
    return { ...condition, lastTransitionTime: isSame ? old["lastTransitionTime"] : now };
  });
}

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

const itemsOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
