import type { Rule } from "./rule.ts";

/**
 * A structural schema, as Kubernetes means it: the subset of OpenAPI that CRDs are written in. It is
 * what the checks in this folder walk; the kinds are written in TypeBox (see `build.ts`), whose
 * schemas have this shape.
 *
 * A property with a default is listed in `required`, since it is always there once defaults are
 * applied; a CRD leaves it out.
 */
export interface Structural {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  /** What a value that fits looks like, for messages: "a DNS name such as shop.example.com". */
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, Structural>>;
  required?: readonly string[];
  additionalProperties?: Structural;
  maxProperties?: number;
  items?: Structural;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: readonly string[];
  "x-kubernetes-map-type"?: "atomic";
  "x-kubernetes-int-or-string"?: boolean;
  /** Any content below, kept as it is. */
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-validations"?: readonly Rule[];
}

export type JsonObject = Record<string, unknown>;

/** True for an object that is neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schema of a field of an object, or undefined where the schema has no such field. */
export function fieldSchema(schema: Structural, key: string): Structural | undefined {
  const { properties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return schema.additionalProperties;
}

/** Remembers what is made of a schema: the kinds' own are few, and never change. */
export function oncePerSchema<T>(make: (schema: Structural) => T): (schema: Structural) => T {
  const made = new WeakMap<Structural, { readonly value: T }>();
  return (schema) => {
    let known = made.get(schema);
    if (known === undefined) {
      known = { value: make(schema) };
      made.set(schema, known);
    }
    return known.value;
  };
}
