/** What JSON may look like. Numbers are inclusive. */
export interface JsonBounds {
  /** Of the whole body, in octets. */
  readonly maxBytes: number;
  /** Arrays and objects in each other: 1 for one. */
  readonly maxDepth: number;
  /** Of one object; of one array. */
  readonly maxMembers: number;
  readonly maxItems: number;
  /** Octets between the quotes of a string, of a name, and of a number. */
  readonly maxStringBytes: number;
  readonly maxNameBytes: number;
  readonly maxNumberBytes: number;
  /** An object with two members of one name, however they are written, is one to some and another to others. */
  readonly allowsDuplicates: boolean;
  /** Names that no member may have. */
  readonly forbiddenNames: readonly string[];
}

export interface JsonLimitsConfig extends JsonBounds {
  /** Media types of requests that are looked at, lower-case; "+json" for all with the suffix. */
  readonly types: readonly string[];
}
