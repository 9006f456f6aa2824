import type { Static } from "typebox";
import { backendObjectReferenceSchema } from "../../gateway-api/reference.ts";
import { choice, flag, integer, optional, set, struct, text, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";
import { claimHeadersSchema } from "./jwt.ts";
import { secretEntry } from "./oidc.ts";

/** Opaque bearer tokens, by the word of their authorization server (RFC 7662). */
export const introspectionSchema = struct({
  backendRef: backendObjectReferenceSchema,
  path: withDefault(
    text({
      minLength: 1,
      maxLength: 1024,
      pattern: "^/[!-~]*$",
      rules: [
        rule<string>("introspection-path", "must be a path without a query", (self) => !/[?#]/.test(self)),
      ],
    }),
    "/introspect",
  ),
  /** Host of the question; by default the backend's name. */
  host: optional(text({ minLength: 1, maxLength: 261, pattern: "^[A-Za-z0-9.\\-\\[\\]:]+$" })),
  clientId: text({ minLength: 1, maxLength: 1024 }),
  clientSecretRef: secretEntry("client-secret"),
  clientAuthentication: withDefault(choice(["Basic", "Post"]), "Basic"),
  timeout: withDefault(boundedTime("1ms", "1m"), "2s"),
  /** Of the principal, where the answer names no issuer. */
  issuer: withDefault(text({ maxLength: 2048 }), ""),
  /** One of them must be in `aud`. Without any `aud` is not looked at. */
  audiences: optional(set(text({ minLength: 1, maxLength: 1024 }), { minItems: 1, maxItems: 32 })),
  cache: withDefault(
    struct({
      /** Never beyond the token's end; 0s: not at all. */
      ttl: withDefault(boundedTime("0s", "1h"), "30s"),
      /** That a token is not active. */
      negativeTtl: withDefault(boundedTime("0s", "1h"), "5s"),
      /** In each worker. */
      maxEntries: withDefault(integer({ minimum: 1, maximum: 1_000_000 }), 8192),
    }),
    {},
  ),
  claimHeaders: optional(claimHeadersSchema),
  /** Whether the token goes on to the backend. */
  forward: withDefault(flag(), true),
});
export type IntrospectionSpec = Static<typeof introspectionSchema>;
