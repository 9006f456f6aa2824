import type { Template } from "../template/index.ts";

export interface Renaming {
  readonly from: string;
  readonly to: string;
}

export interface NamedTemplate {
  readonly name: string;
  readonly value: Template;
}

/** Of headers (names in lower case, none that frames or routes) or of query parameters. In this order. */
export interface NamedEdits {
  readonly rename: readonly Renaming[];
  readonly set: readonly NamedTemplate[];
  readonly add: readonly NamedTemplate[];
  readonly remove: readonly string[];
}

/** The names of a JSON Pointer (RFC 6901); none is `__proto__`. */
export type JsonPlace = readonly string[];

/** In this order. */
export interface JsonEdits {
  readonly rename: readonly { readonly at: JsonPlace; readonly to: string }[];
  /** `json`: a value as text. */
  readonly set: readonly {
    readonly at: JsonPlace;
    readonly value: { readonly template: Template } | { readonly json: string };
  }[];
  readonly remove: readonly JsonPlace[];
}

/** A path by its segments: a text, normalised, or a name for what stands there. */
export interface PathPattern {
  readonly segments: readonly ({ readonly text: string } | { readonly name: string })[];
  /** More segments may follow. */
  readonly isOpen: boolean;
}

export interface RequestEdits {
  readonly headers: NamedEdits;
  readonly query: NamedEdits;
  /** Null: stays. */
  readonly path: Template | null;
  /** "": stays. */
  readonly method: string;
  readonly json: JsonEdits | null;
}

export interface ResponseEdits {
  /** 0: stays. */
  readonly status: number;
  readonly headers: NamedEdits;
  readonly json: JsonEdits | null;
}

export interface TransformRule {
  /** Empty: any. */
  readonly methods: readonly string[];
  readonly pattern: PathPattern | null;
  readonly request: RequestEdits | null;
  readonly response: ResponseEdits | null;
}

/** Each rule that matches acts, in their order. */
export interface TransformConfig {
  readonly rules: readonly TransformRule[];
  /** Of a body that is edited. */
  readonly maxBodyBytes: number;
  readonly maxDepth: number;
}
