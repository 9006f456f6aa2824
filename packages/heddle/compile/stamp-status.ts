import type { Status, StatusCondition } from "./status.ts";

type Json = Readonly<Record<string, unknown>>;

/** What tells the parts of a status apart: listeners by name, parents and ancestors by their reference. */
const identityFields = ["name", "parentRef", "ancestorRef"];

/**
 * A status with `lastTransitionTime` on every condition: that of `previous`, a stamped status of the same resource,
 * where the condition has the same status there, else `now` (RFC 3339). Pure.
 */
export function stampStatus(status: Status, previous: unknown, now: string): Json {
  return stampPart(status as unknown as Json, isJson(previous) ? previous : {}, now);
}

function stampPart(part: Json, previous: Json, now: string): Json {
  const stamped: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(part)) {
    const before = Array.isArray(previous[name]) ? (previous[name] as unknown[]).filter(isJson) : [];
    if (name === "conditions") {
      stamped[name] = (value as readonly StatusCondition[]).map((one) => stampCondition(one, before, now));
    } else if (Array.isArray(value) && value.every(hasConditions)) {
      stamped[name] = value.map((one) => stampPart(one, before.find((old) => isSame(old, one)) ?? {}, now));
    } else stamped[name] = value;
  }
  return stamped;
}

function stampCondition(condition: StatusCondition, before: readonly Json[], now: string): Json {
  const old = before.find(({ type }) => type === condition.type);
  const isKept = old?.["status"] === condition.status && typeof old["lastTransitionTime"] === "string";
  return { ...condition, lastTransitionTime: isKept ? old["lastTransitionTime"] : now };
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasConditions(value: unknown): value is Json {
  return isJson(value) && Array.isArray(value["conditions"]);
}

function isSame(a: Json, b: Json): boolean {
  return identityFields.every((name) => canonical(a[name]) === canonical(b[name]));
}

/** References are flat: their fields sorted make them comparable. */
function canonical(value: unknown): string {
  return isJson(value)
    ? JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
    : String(value);
}
