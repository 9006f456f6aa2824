/** Reading documents that are not valid: nothing is known of their form. */

type Json = Readonly<Record<string, unknown>>;

/** A field of an object, undefined of anything else. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Json)[name]
    : undefined;
}

/** A field that is a text and not empty. */
export function textField(value: unknown, name: string): string | undefined {
  const text = field(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}
