import type { CorsOrigin } from "../cors/index.ts";

/** Which browsers' requests with an effect are taken. */
export interface CsrfConfig {
  /** Beside the request's own. */
  readonly allowedOrigins: readonly CorsOrigin[];
  /**
   * What has neither Origin nor Sec-Fetch-Site comes from no browser of this decade: "allow" takes it, since there are
   * no cookies of a victim in it; "refuse" is for sites that only browsers use.
   */
  readonly withoutOrigin: "allow" | "refuse";
}
