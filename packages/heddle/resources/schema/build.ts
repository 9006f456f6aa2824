import { Type } from "typebox";
import type { Static, TArray, TInteger, TObject, TOptional, TSchema, TString, TUnsafe } from "typebox";
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

function node({ rules, ...rest }: NodeOptions): Record<string, unknown> {
  return rules === undefined ? rest : { ...rest, "x-kubernetes-validations": rules };
}

export function text(options: TextOptions = {}): TString {
  return Type.String(node(options));
}

export function integer(options: IntegerOptions = {}): TInteger {
  return Type.Integer(node(options));
}

/** A 32-bit integer. */
export function int32(options: IntegerOptions = {}): TInteger {
  return Type.Integer({ ...node(options), format: "int32" });
}

export const flag = Type.Boolean;

/** One of the given strings or numbers. */
export function choice<const V extends string | number>(values: readonly V[]): TUnsafe<V> {
  return Type.Unsafe<V>({ type: typeof values[0] === "number" ? "integer" : "string", enum: values });
}

/** An object with the given fields; wrap those that may be absent in `optional` or `withDefault`. */
export function struct<P extends Record<string, TSchema>>(fields: P, options: NodeOptions = {}): TObject<P> {
  return Type.Object(fields, node(options));
}

/** A list that is replaced as a whole when patched. */
export function list<S extends TSchema>(items: S, options: ListOptions = {}): TArray<S> {
  return Type.Array(items, { ...node(options), "x-kubernetes-list-type": "atomic" });
}

/** A list without two equal items. */
export function set<S extends TSchema>(items: S, options: ListOptions = {}): TArray<S> {
  return Type.Array(items, { ...node(options), "x-kubernetes-list-type": "set" });
}

/** A list without two items that agree in all of `keys`. */
export function keyedList<S extends TSchema>(
  keys: readonly string[],
  items: S,
  options: ListOptions = {},
): TArray<S> {
  return Type.Array(items, {
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
  return Type.Unsafe({ type: "object", additionalProperties: values, ...node(options) });
}

/** A number or a string, such as a port given by number or by name. */
export function intOrString(): TUnsafe<number | string> {
  return Type.Unsafe({ "x-kubernetes-int-or-string": true });
}

/** Any content, kept as it is. */
export function anything(): TUnsafe<unknown> {
  return Type.Unsafe({ "x-kubernetes-preserve-unknown-fields": true });
}

export function optional<S extends TSchema>(schema: S): TOptional<S> {
  return Type.Optional(schema) as TOptional<S>;
}

/** The same schema with more rules, a bound, or a description of its own. */
export function refine<S extends TSchema>(schema: S, change: NodeOptions & Partial<Structural>): S {
  // TypeBox keeps its marks in properties that a spread would lose.
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(schema),
      ...Object.getOwnPropertyDescriptors(node(change)),
    },
  ) as S;
}

/** The same schema with a value for where the user gives none (or null). */
export function withDefault<S extends TSchema>(schema: S, value: unknown): Defaulted<S> {
  return refine(schema, { default: value }) as Defaulted<S>;
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
