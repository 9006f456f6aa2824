/** How policies look at the claims of a principal. */
export { claimAt, claimHasOneOf, claimText, hasUnreadScopes, scopesOf } from "./claim-path.ts";
export type { ClaimPath } from "./claim-path.ts";
