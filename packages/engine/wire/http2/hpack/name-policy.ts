/** How fields of a name are encoded. */
export const POLICY = {
  /** Into the table when its value comes a second time: most values never do. */
  ON_REPEAT: 0,
  /** Into the table at once: every message has the same, or nearly. */
  AT_ONCE: 1,
  /** A value that is another each time. */
  NOT: 2,
  /**
   * Never indexed, by nobody on the way (RFC 7541 section 7.1.3): secrets that could be guessed by what the table
   * makes of them, the more so where one connection carries requests of many clients.
   */
  NEVER: 3,
} as const;

const POLICIES: ReadonlyMap<string, number> = new Map([
  ...names(
    POLICY.AT_ONCE,
    ":authority accept accept-encoding accept-language accept-ranges cache-control content-encoding content-type " +
      "date grpc-accept-encoding grpc-encoding server strict-transport-security te user-agent vary via " +
      "x-content-type-options x-forwarded-host x-forwarded-proto",
  ),
  ...names(
    POLICY.NOT,
    "age content-length content-range etag expires grpc-timeout if-modified-since if-none-match last-modified " +
      "location range traceparent x-request-id",
  ),
  ...names(
    POLICY.NEVER,
    "authorization cookie proxy-authorization set-cookie x-api-key x-auth-token x-csrf-token x-xsrf-token",
  ),
]);

function names(policy: number, text: string): [string, number][] {
  return text.split(" ").map((name) => [name, policy]);
}

export function policyOf(name: string): number {
  return POLICIES.get(name) ?? POLICY.ON_REPEAT;
}
