import { below, pathOf, type Place, type Problems } from "../problem.ts";
import type { Rule } from "./rule.ts";
import { fieldSchema, isObject, oncePerSchema, type Structural } from "./structural.ts";

/**
 * Runs the cross-field rules of a value that passed `checkStructure`, from the outside in. `old` is
 * the stored value that it replaces, if any.
 */
export function checkRules(
  value: unknown,
  schema: Structural,
  path: Place,
  problems: Problems,
  old?: unknown,
): void {
  if (!hasRules(schema)) return;
  for (const rule of schema["x-kubernetes-validations"] ?? []) {
    const offender = rule.isTransition === true && old === undefined ? undefined : find(rule, value, old);
    if (offender !== undefined) problems.error(pathOf(path) + offender, rule.message, rule.name);
  }
  const { items } = schema;
  if (Array.isArray(value)) {
    // Items of an atomic list have no old self, since nothing says which one they were.
    if (items !== undefined)
      value.forEach((item, index) => checkRules(item, items, below(path, index), problems));
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const field = fieldSchema(schema, key);
      const oldField = isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined;
      if (field !== undefined) checkRules(value[key], field, below(path, key), problems, oldField);
    }
  }
}

/** Whether it or anything in it has rules: most parts of most kinds have none. */
const hasRules: (schema: Structural) => boolean = oncePerSchema((schema) => {
  const { items, additionalProperties, properties = {} } = schema;
  return (
    (schema["x-kubernetes-validations"] ?? []).length > 0 ||
    [items, additionalProperties, ...Object.values(properties)].some(
      (part) => part !== undefined && hasRules(part),
    )
  );
});

/** CEL answers a missing field with an error, and the API server takes an error as a refusal. */
function find(rule: Rule, value: unknown, old: unknown): string | undefined {
  try {
    return rule.offender(value, old);
  } catch {
    return "";
  }
}
