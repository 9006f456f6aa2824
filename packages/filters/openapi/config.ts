export interface OpenApiConfig {
  /** An ApiDocument in a data unit, or as it is. */
  readonly document: { readonly data: string } | { readonly api: ApiDocument };
  /** DryRun lets everything pass, and counts what Enforce would have refused. */
  readonly requests: "Enforce" | "DryRun";
  readonly responses: "Off" | "Enforce" | "DryRun";
  /** In place of the paths of the document's servers, without a slash at its end; null: those. */
  readonly basePath: string | null;
  readonly allowsUnknownPaths: boolean;
  readonly allowsUnknownQuery: boolean;
  readonly allowsUnknownStatuses: boolean;
  /** Properties that are readOnly may be in requests. */
  readonly allowsReadOnly: boolean;
  readonly maxBodyBytes: number;
  readonly maxDepth: number;
}

/** An OpenAPI document as the filter reads it: checked by compile, every schema in `schemas`, references by their index. */
export interface ApiDocument {
  /**
   * JSON Schemas of draft 2020-12, of keywords that are known and well-formed; they refer to each other by
   * `#/$defs/<index>`. Of one that stands at index i, `requests[i]` is what requests have, without what is readOnly.
   */
  readonly requests: readonly JsonSchema[];
  /** The same without what is writeOnly. */
  readonly responses: readonly JsonSchema[];
  readonly paths: readonly ApiPath[];
}

export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

export interface ApiPath {
  /** As in the document. */
  readonly template: string;
  /** Paths of the servers, each without a slash at its end. */
  readonly bases: readonly string[];
  readonly segments: readonly ApiSegment[];
  readonly operations: readonly ApiOperation[];
}

/** Text and names of parameters in turn, beginning with text: ["files-", "id", ".json"]. One text alone has none. */
export type ApiSegment = readonly string[];

export interface ApiOperation {
  /** "GET" */
  readonly method: string;
  readonly parameters: readonly ApiParameter[];
  readonly body: ApiBody | null;
  /** In the order in which they are looked at: exact ones, ranges ("4XX"), "default". */
  readonly responses: readonly ApiResponse[];
}

export type ParameterStyle =
  | "simple"
  | "label"
  | "matrix"
  | "form"
  | "spaceDelimited"
  | "pipeDelimited"
  | "deepObject"
  | "json";

export interface ApiParameter {
  readonly in: "path" | "query" | "header" | "cookie";
  /** Of a header in lower case. */
  readonly name: string;
  readonly required: boolean;
  /** "json": its value is a JSON text. */
  readonly style: ParameterStyle;
  readonly explode: boolean;
  /** "x=" may stand for no value. */
  readonly allowsEmpty: boolean;
  readonly shape: ApiShape;
  /** Index of its schema. */
  readonly schema: number;
}

/** How text becomes a value: which types the schema takes, and of what is in it. */
export interface ApiShape {
  readonly types: readonly ApiType[];
  /** Of a list's items; absent: text. */
  readonly items?: readonly ApiType[];
  /** Of an object's properties by name, as pairs; others are text. */
  readonly properties?: readonly (readonly [string, ApiShape])[];
  /** Properties that are not named may be there. */
  readonly isOpen?: boolean;
}

export type ApiType = "string" | "number" | "integer" | "boolean" | "null" | "array" | "object";

export interface ApiBody {
  readonly required: boolean;
  readonly content: readonly ApiContent[];
}

export interface ApiContent {
  /** In lower case: "application/json", "text/*", or a range of everything. */
  readonly range: string;
  /** Index of the schema; -1 for none. */
  readonly schema: number;
  readonly shape: ApiShape;
}

export interface ApiResponse {
  /** Both ends included. */
  readonly from: number;
  readonly to: number;
  readonly headers: readonly ApiParameter[];
  /** Empty: whatever it is. */
  readonly content: readonly ApiContent[];
}
