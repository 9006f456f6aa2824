/** One filter of the user's, as compile names it. */
export interface OwnFilterConfig {
  /** "namespace/name" of the Filter resource. */
  readonly filter: string;
  /** What its module calls it. */
  readonly name: string;
  /** The code: a data unit `filter-code/<code>`, by the hash of its content. */
  readonly code: string;
  /** The name of the module's export. */
  readonly export: string;
  /** Checked by its schema, with defaults applied; a Standard Schema reads it again. */
  readonly config: unknown;
  /** How long one call of a phase may keep its worker, in milliseconds; 0 for no bound. */
  readonly budgetMs: number;
  /** Clusters by the names that the filter has for them. */
  readonly backends: Readonly<Record<string, string>>;
  /** Data units by the names that the filter has for them. */
  readonly data: Readonly<Record<string, string>>;
}

/** The value of a data unit with code: a module with all that it imports of its own project, as it was when it was checked. */
export interface FilterCode {
  /** The URL of the module that was named. */
  readonly entry: string;
  readonly modules: readonly FilterModule[];
}

export interface FilterModule {
  /** `file:`, without a query. */
  readonly url: string;
  /** As Node names it: "module", "module-typescript", "json". */
  readonly format: string;
  readonly source: string;
}

export const filterCodePrefix = "filter-code/";
