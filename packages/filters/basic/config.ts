/** Basic authentication (RFC 7617). */
export interface BasicConfig {
  /** Name of the data unit with the users (BasicUsers). */
  readonly users: string;
  /** What browsers show when they ask. */
  readonly realm: string;
  /** The upstream gets the password too. Default: it is taken off. */
  readonly isForwarded: boolean;
}

export interface BasicUsers {
  /** Name and bcrypt hash; names are unique. */
  readonly users: readonly (readonly [name: string, hash: string])[];
}
