/** GEP-1619. */
export interface SessionPersistenceSpec {
  /** Cookie or header name. */
  readonly name: string;
  readonly type: "Cookie" | "Header";
  /** 0: a session cookie. */
  readonly absoluteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly isPermanent: boolean;
}
