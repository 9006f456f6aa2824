/** A claim by the names that lead to it, as text: lists of scalars with commas, nothing for what is an object. */
export function claimOf(
  claims: Readonly<Record<string, unknown>> | undefined,
  names: readonly string[],
): string {
  let value: unknown = claims;
  for (const name of names) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return "";
    value = (value as Record<string, unknown>)[name];
  }
  if (Array.isArray(value)) return value.every(isScalar) ? value.join(",") : "";
  return isScalar(value) ? String(value) : "";
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";
