import type { Static } from "typebox";
import { choice, optional, struct, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { apiKeysSchema } from "./api-keys.ts";
import { basicSchema } from "./basic.ts";
import { clientCertificateSchema } from "./client-certificate.ts";
import { hmacSchema } from "./hmac.ts";
import { httpSignaturesSchema } from "./http-signatures.ts";
import { introspectionSchema } from "./introspection.ts";
import { jwtSchema } from "./jwt.ts";
import { oidcSchema } from "./oidc.ts";

/** Who calls. One way to authenticate each; a request takes any of them. */
export const authenticationSchema = struct(
  {
    /** Allow: requests without any credential go on. A bad credential is refused all the same. */
    anonymous: withDefault(choice(["Deny", "Allow"]), "Deny"),
    /** Tokens of some issuers (RFC 7519). */
    jwt: optional(jwtSchema),
    /** Keys of consumers, kept as hashes. */
    apiKeys: optional(apiKeysSchema),
    /** Names and passwords (RFC 7617). */
    basic: optional(basicSchema),
    /** The certificate of the client's connection. */
    clientCertificate: optional(clientCertificateSchema),
    /** HTTP Message Signatures (RFC 9421). */
    httpSignatures: optional(httpSignaturesSchema),
    /** Opaque bearer tokens (RFC 7662). */
    introspection: optional(introspectionSchema),
    /** Login of browsers at OpenID providers. */
    oidc: optional(oidcSchema),
    /** A header with an HMAC over the body, as of webhooks. */
    hmac: optional(hmacSchema),
  },
  {
    rules: [
      rule<{ anonymous: string }>(
        "authentication-possible",
        "must name a way to authenticate, such as jwt, or have anonymous: Allow; else nobody is let in",
        ({ anonymous, ...ways }) =>
          anonymous === "Allow" || Object.values(ways).some((way) => way !== undefined),
      ),
    ],
  },
);
export type AuthenticationSpec = Static<typeof authenticationSchema>;
