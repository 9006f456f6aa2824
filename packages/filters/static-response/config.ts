export interface StaticPath {
  readonly type: "exact" | "prefix";
  /** Normalised; of a prefix without a slash at its end. */
  readonly value: string;
}

/** Empty lists: any. */
export interface StaticAnswer {
  readonly paths: readonly StaticPath[];
  readonly methods: readonly string[];
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly status: number;
  /** Names in lower case, checked. */
  readonly responseHeaders: readonly (readonly [string, string])[];
  readonly body: StaticBody;
}

/** A text, or the name of a data unit with one. */
export type StaticBody = { readonly text: string } | { readonly data: string };

export interface StaticResponseConfig {
  readonly answers: readonly StaticAnswer[];
}
