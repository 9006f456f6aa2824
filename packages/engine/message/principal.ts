/** Who authenticated. Whoever did puts it here, whichever way was used. */
export interface Principal {
  readonly subject: string;
  readonly issuer: string;
  readonly method: string;
  readonly claims: Readonly<Record<string, unknown>>;
}
