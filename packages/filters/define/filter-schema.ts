import type { Static, TSchema } from "typebox";
import type { XStatic } from "typebox/schema";

/**
 * A schema of any library that speaks Standard Schema (https://standardschema.dev): Zod, Valibot, ArkType and others.
 * `validate` must answer at once: configuration is read when a filter is built, which waits for nobody.
 */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Any JSON Schema as plain data, TypeBox's among them. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export type FilterSchema = TSchema | StandardSchema | JsonSchema;

/** The type of a configuration that fits a schema: what `create` is given. */
export type ConfigOf<S> =
  S extends StandardSchema<infer Output>
    ? Output
    : S extends { readonly "~kind": string }
      ? Static<S & TSchema>
      : XStatic<S>;

export function isStandardSchema(schema: FilterSchema): schema is StandardSchema {
  return typeof (schema as Partial<StandardSchema>)["~standard"]?.validate === "function";
}
