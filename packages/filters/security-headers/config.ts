/** Headers that responses get. */
export interface SecurityHeadersConfig {
  readonly headers: readonly SecurityHeader[];
  /** Lower-case names of headers of backends that are taken off, as they tell what runs there. */
  readonly remove: readonly string[];
}

export interface SecurityHeader {
  /** Lower-case. */
  readonly name: string;
  readonly value: string;
  /** HSTS means nothing in clear text, and must not be sent there (RFC 6797 section 7.2). */
  readonly onlyHttps: boolean;
  /** What the backend says itself stays. */
  readonly keepsExisting: boolean;
}
