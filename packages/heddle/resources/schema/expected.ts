import type { Structural } from "./structural.ts";

const typeNames = {
  object: "an object",
  array: "a list",
  string: "a string",
  integer: "an integer",
  number: "a number",
  boolean: "true or false",
};

/** So many fields of an object are named where none of them must be given; more would hide the message. */
const maxNamedFields = 8;

/**
 * What a schema wants, for messages: its description where it has one, else its type, for objects with the fields
 * that must be given, or with those that may be where none must: "an object such as { name: … }".
 */
export function expected(schema: Structural): string {
  if (schema.description !== undefined) return schema.description;
  if (schema["x-kubernetes-int-or-string"] === true) return "an integer or a string";
  const { type = "object", items } = schema;
  if (type === "object") return `an object${fieldsOf(schema)}`;
  if (type === "array" && items?.type === "object") return `a list of objects${fieldsOf(items)}`;
  return typeNames[type];
}

function fieldsOf({ properties = {}, required = [] }: Structural): string {
  // What has a default is required as well once it has been applied: nobody has to write it.
  const needed = required.filter((name) => properties[name]?.default === undefined);
  if (needed.length > 0) return ` such as { ${needed.map((name) => `${name}: …`).join(", ")} }`;
  const names = Object.keys(properties);
  if (names.length === 0) return "";
  const more = names.length > maxNamedFields ? ", …" : "";
  return ` with fields of ${names.slice(0, maxNamedFields).join(", ")}${more}`;
}
