import type {
  Static,
  TArray,
  TBoolean,
  TInteger,
  TNumber,
  TObject,
  TOptional,
  TSchema,
  TString,
  TUnsafe,
} from "typebox";
import type { Rule } from "./rule.ts";
import type { Structural } from "./structural.ts";

/** Options of every schema node, beside those that its type has. */
interface NodeOptions {
  description?: string;
  rules?: readonly Rule[];
}

type TextOptions = NodeOptions & Pick<Structural, "minLength" | "maxLength" | "pattern" | "format">;
type IntegerOptions = NodeOptions & Pick<Structural, "minimum" | "maximum" | "format">;
type ListOptions = NodeOptions & Pick<Structural, "minItems" | "maxItems">;
type MapOptions = NodeOptions & Pick<Structural, "maxProperties">;

/** A schema whose value is there once defaults are applied, though the user may leave it out. */
export type Defaulted<S> = S & { "~defaulted": true };

/** Marks a schema that an object may leave out. Not enumerable: it is no part of the schema as served. */
const OPTIONAL = "~optional";

/**
 * TypeBox gives the types; the values are these plain objects. Its runtime would cost every Heddle 12 MB of memory
 * for what is a few object literals (docs/adr/0004-typebox-and-ajv.md).
 */
function schema<S extends TSchema>(value: Record<string, unknown>): S {
  return value as unknown as S;
}

function node({ rules, ...rest }: NodeOptions): Record<string, unknown> {
  return rules === undefined ? rest : { ...rest, "x-kubernetes-validations": rules };
}

export function text(options: TextOptions = {}): TString {
  return schema({ type: "string", ...node(options) });
}

export function integer(options: IntegerOptions = {}): TInteger {
  return schema({ type: "integer", ...node(options) });
}

export function number(
  options: Pick<IntegerOptions, "description" | "rules" | "minimum" | "maximum"> = {},
): TNumber {
  return schema({ type: "number", ...node(options) });
}

/** A 32-bit integer. */
export function int32(options: IntegerOptions = {}): TInteger {
  return schema({ type: "integer", ...node(options), format: "int32" });
}

export function flag(options: NodeOptions = {}): TBoolean {
  return schema({ type: "boolean", ...node(options) });
}

/** One of the given strings or numbers. */
export function choice<const V extends string | number>(values: readonly V[]): TUnsafe<V> {
  return schema({ type: typeof values[0] === "number" ? "integer" : "string", enum: values });
}

/** An object with the given fields; wrap those that may be absent in `optional` or `withDefault`. */
export function struct<P extends Record<string, TSchema>>(fields: P, options: NodeOptions = {}): TObject<P> {
  const required = Object.keys(fields).filter((name) => !Object.hasOwn(fields[name], OPTIONAL));
  const names = required.length === 0 ? {} : { required };
  return schema({ type: "object", ...names, properties: fields, ...node(options) });
}

/** A list that is replaced as a whole when patched. */
export function list<S extends TSchema>(items: S, options: ListOptions = {}): TArray<S> {
  return schema({ type: "array", items, ...node(options), "x-kubernetes-list-type": "atomic" });
}

/** A list without two equal items. */
export function set<S extends TSchema>(items: S, options: ListOptions = {}): TArray<S> {
  return schema({ type: "array", items, ...node(options), "x-kubernetes-list-type": "set" });
}

/** A list without two items that agree in all of `keys`. */
export function keyedList<S extends TSchema>(
  keys: readonly string[],
  items: S,
  options: ListOptions = {},
): TArray<S> {
  return schema({
    type: "array",
    items,
    ...node(options),
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": keys,
  });
}

/** An object with any keys, whose values fit `values`. */
export function mapOf<S extends TSchema>(
  values: S,
  options: MapOptions = {},
): TUnsafe<Record<string, Static<S>>> {
  return schema({ type: "object", additionalProperties: values, ...node(options) });
}

/** A number or a string, such as a port given by number or by name. */
export function intOrString(): TUnsafe<number | string> {
  return schema({ "x-kubernetes-int-or-string": true });
}

/** Any content, kept as it is. */
export function anything(): TUnsafe<unknown> {
  return schema({ "x-kubernetes-preserve-unknown-fields": true });
}

/** An object with any content, kept as it is. */
export function anyObject(options: NodeOptions = {}): TUnsafe<Record<string, unknown>> {
  return schema({ type: "object", ...node(options), "x-kubernetes-preserve-unknown-fields": true });
}

export function optional<S extends TSchema>(whole: S): TOptional<S> {
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(whole));
  return Object.defineProperty(copy, OPTIONAL, { value: true }) as TOptional<S>;
}

/** The same schema with more rules, a bound, or a description of its own. */
export function refine<S extends TSchema>(whole: S, change: NodeOptions & Partial<Structural>): S {
  // The mark of an optional one is a property that a spread would lose.
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(whole),
      ...Object.getOwnPropertyDescriptors(node(change)),
    },
  ) as S;
}

/** The same schema with a value for where the user gives none (or null). */
export function withDefault<S extends TSchema>(whole: S, value: unknown): Defaulted<S> {
  return refine(whole, { default: value }) as Defaulted<S>;
}

type Fields<P, K extends keyof P> = { [Key in K]: Input<P[Key]> };
type OmittableKeys<P> = {
  [K in keyof P]: P[K] extends { "~defaulted": true } | { "~optional": true } ? K : never;
}[keyof P];

/** What a user may write for a schema: as `Static`, with defaulted fields optional too. */
export type Input<S> =
  S extends TObject<infer P>
    ? Fields<P, Exclude<keyof P, OmittableKeys<P>>> & Partial<Fields<P, OmittableKeys<P>>>
    : S extends TArray<infer I>
      ? Input<I>[]
      : S extends TSchema
        ? Static<S>
        : never;
