/** The addresses of a name by family, each list sorted and without doubles. */
export interface Addresses {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

/** What a name stands for, and for how long. */
export interface NameAnswer {
  /** Null: this family could not be asked, so what was known of it still counts. */
  readonly ipv4: readonly string[] | null;
  readonly ipv6: readonly string[] | null;
  /** Of the record that runs out first. */
  readonly ttlMs: number;
}

/** Asks for the addresses of a name. Rejects where there are none, or neither family could be asked. */
export type AddressLookup = (name: string) => Promise<NameAnswer>;
