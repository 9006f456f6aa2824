/** A place in requests where a credential may be. */
export interface CredentialSource {
  readonly in: "header" | "query";
  /** Of a header in lower case; of a query parameter as it is. */
  readonly name: string;
  /** The word before the credential in a header ("Bearer"), compared without case; "" for none. */
  readonly scheme: string;
}

/** More than one credential where one may be: whose request it is would be a guess (threats 14). */
export const AMBIGUOUS: unique symbol = Symbol("several credentials");
