import type { Template } from "../template/index.ts";

export type PageFormat = "HTML" | "JSON" | "Problem" | "Text";

export interface ErrorPage {
  /** Ranges of statuses, both ends included. */
  readonly statuses: readonly (readonly [number, number])[];
  readonly format: PageFormat;
  /** A template, the name of a data unit with one, or null: what Heddle says by itself (RFC 9457). */
  readonly content: { readonly template: Template } | { readonly data: string } | null;
  /** 0: the status stays. */
  readonly status: number;
}

export interface ErrorPagesConfig {
  readonly of: "Heddle" | "Backends" | "All";
  readonly pages: readonly ErrorPage[];
}
