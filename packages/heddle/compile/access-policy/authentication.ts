import type { RequestFilters } from "../filters/policy-filters.ts";
import { apiKeysMember } from "./api-keys.ts";
import { basicMember } from "./basic.ts";
import { clientCertificateMember } from "./client-certificate.ts";
import { hmacMember } from "./hmac.ts";
import { httpSignaturesMember } from "./http-signatures.ts";
import { introspectionMember } from "./introspection.ts";
import { jwtMember } from "./jwt.ts";
import { oidcMember } from "./oidc.ts";
import { joinFilters, type Member } from "./member.ts";

/**
 * The ways to authenticate, in the order in which they look at a request: the first that accepts says who it is. What is
 * signed is looked at before others take their credential off.
 */
const ways: readonly Member<"authentication">[] = [
  httpSignaturesMember,
  hmacMember,
  jwtMember,
  introspectionMember,
  apiKeysMember,
  basicMember,
  oidcMember,
  clientCertificateMember,
];

/** All ways that a policy has, and what decides for them. */
export const authenticationMember: Member<"authentication"> = (spec, at): RequestFilters | null => {
  const allowsAnonymous = spec.anonymous === "Allow";
  const found = ways.flatMap((way) => way(spec, at) ?? []);
  if (found.length === 0 && allowsAnonymous) return null;
  const decision: RequestFilters = {
    filters: [{ stage: "authentication", spec: { name: "authentication", config: { allowsAnonymous } } }],
  };
  return joinFilters([...found, decision]);
};
