type Node = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A copy of plain data with the defaults of a JSON Schema, from the outside in: those of `properties`, in `items` and in
 * `allOf` too. (TypeBox's own function knows the defaults of its own schemas alone.)
 */
export function fillDefaults(schema: unknown, value: unknown): unknown {
  if (!isObject(schema)) return structuredClone(value);
  if (value === undefined && schema["default"] !== undefined)
    return fillDefaults(withoutDefault(schema), schema["default"]);
  const all = Array.isArray(schema["allOf"]) ? (schema["allOf"] as unknown[]) : [];
  const filled = all.reduce<unknown>((sofar, part) => fillDefaults(part, sofar), structuredClone(value));
  if (Array.isArray(filled)) return filled.map((item) => fillDefaults(schema["items"], item));
  return isObject(filled) ? fillObject(schema["properties"], filled) : filled;
}

const withoutDefault = (schema: Record<string, unknown>): Node => ({ ...schema, default: undefined });

function fillObject(properties: unknown, value: Record<string, unknown>): unknown {
  if (!isObject(properties)) return value;
  const entries = Object.keys(properties).flatMap((name) => {
    const own = Object.hasOwn(value, name) ? value[name] : undefined;
    const filled = fillDefaults(properties[name], own);
    return filled === undefined ? [] : [[name, filled] as const];
  });
  return { ...value, ...Object.fromEntries(entries) };
}
