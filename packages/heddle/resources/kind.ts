import type { Static, TObject, TProperties } from "typebox";
import type { Input } from "./schema/build.ts";
import { struct, text } from "./schema/build.ts";
import type { Rule } from "./schema/rule.ts";
import type { JsonObject, Structural } from "./schema/structural.ts";
import { metadataSchema, type NameForm, type NamespacedMeta, type ObjectMeta } from "./metadata.ts";

/** One version of a kind that documents may be written in. */
export interface KindVersion {
  name: string;
  schema: Structural;
}

/**
 * A kind of resource: its names in the API and its schema in each served version.
 *
 * The first version is the preferred one: resources of the others are validated by their own schema
 * and then kept as that version. `isStrict` kinds refuse unknown fields.
 */
export interface Kind<
  K extends string = string,
  G extends string = string,
  V extends string = string,
  N extends boolean = boolean,
  F extends TProperties = TProperties,
> {
  group: G;
  kind: K;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  namespaced: N;
  status: boolean;
  isStrict: boolean;
  nameForm: NameForm;
  apiVersion: G extends "" ? V : `${G}/${V}`;
  versions: readonly KindVersion[];
  /** Turns a checked document into the form that is kept. */
  finish: Finish | undefined;
  /** Carries the type of the fields; never there at run time. */
  "~fields"?: F;
}

type Finish = (document: JsonObject) => JsonObject;

interface Definition<K, G, V extends string, N, F> {
  group: G;
  version: V;
  kind: K;
  plural: string;
  /** Default: the kind in lower case. */
  singular?: string;
  shortNames?: readonly string[];
  namespaced: N;
  /** Default: subdomain. */
  nameForm?: NameForm;
  isStrict?: boolean;
  /** The top-level fields beside apiVersion, kind and metadata. */
  fields: F;
  /** Checks over several of the top-level fields. */
  rules?: readonly Rule[];
  /** Turns a checked document into the form that is kept. */
  finish?: Finish;
  /** Other served versions, with their fields. */
  otherVersions?: Readonly<Record<string, TProperties>>;
}

export function defineKind<
  const K extends string,
  const G extends string,
  const V extends string,
  const N extends boolean,
  F extends TProperties,
>(definition: Definition<K, G, V, N, F>): Kind<K, G, V, N, F> {
  const { group, version, kind, plural, namespaced, fields, otherVersions = {} } = definition;
  const versions = Object.entries({ [version]: fields, ...otherVersions });
  return {
    group,
    kind,
    plural,
    singular: definition.singular ?? kind.toLowerCase(),
    shortNames: definition.shortNames ?? [],
    namespaced,
    status: Object.hasOwn(fields, "status"),
    isStrict: definition.isStrict ?? false,
    nameForm: definition.nameForm ?? "subdomain",
    apiVersion: apiVersionOf(group, version) as Kind<K, G, V>["apiVersion"],
    finish: definition.finish,
    versions: versions.map(([name, own]) => ({ name, schema: documentSchema(own, definition.rules) })),
  };
}

/** `group/version`, or the version alone for the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

function documentSchema(fields: TProperties, rules: readonly Rule[] = []): Structural {
  const document = { apiVersion: text(), kind: text(), metadata: metadataSchema, ...fields };
  return struct(document, { rules }) as unknown as Structural;
}

/** A validated resource of a kind: defaults applied, in its preferred version. */
export type ResourceOf<D> =
  D extends Kind<infer K, infer G, infer V, infer N, infer F>
    ? {
        apiVersion: Kind<K, G, V>["apiVersion"];
        kind: K;
        metadata: N extends true ? NamespacedMeta : ObjectMeta;
      } & Static<TObject<F>>
    : never;

/** What a user may write for a kind: as `ResourceOf`, with all that has a default optional. */
export type InputOf<D> =
  D extends Kind<infer K, infer G, infer V, boolean, infer F>
    ? { apiVersion: Kind<K, G, V>["apiVersion"]; kind: K; metadata: ObjectMeta } & Input<TObject<F>>
    : never;
