/** Bearer tokens of some issuers: JSON Web Tokens, checked by the issuers' keys. */
export { jwt } from "./filter.ts";
export { ClaimHeaders, fillClaimHeaders, makeClaimHeaders } from "./claim-headers.ts";
export { MAX_TOKEN_CHARS } from "./parse-token.ts";
export type {
  ClaimHeader,
  JwtConfig,
  JwtIssuer,
  KeyData,
  KeySetData,
  RequiredClaim,
  TokenPlace,
} from "./config.ts";
