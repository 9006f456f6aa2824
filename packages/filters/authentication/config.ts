/** Decides by what the authenticators before it found. */
export interface AuthenticationConfig {
  /** Requests without any credential go on, without a principal. */
  readonly allowsAnonymous: boolean;
}
