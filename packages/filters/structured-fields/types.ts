/** A bare item of RFC 9651 section 3.3. Numbers keep apart what is written as an integer and what as a decimal. */
export type BareItem =
  | { readonly kind: "integer" | "decimal"; readonly value: number }
  | { readonly kind: "string" | "token" | "display"; readonly value: string }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly kind: "boolean"; readonly value: boolean }
  /** Seconds since the epoch. */
  | { readonly kind: "date"; readonly value: number };

/** In the order written; none is there twice. */
export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly type: "item";
  readonly bare: BareItem;
  readonly parameters: Parameters;
}

export interface InnerList {
  readonly type: "inner-list";
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type Dictionary = ReadonlyMap<string, Item | InnerList>;
