import type { Static } from "typebox";
import { objectName } from "../../gateway-api/names.ts";
import { backendObjectReferenceSchema } from "../../gateway-api/reference.ts";
import { choice, flag, keyedList, optional, set, struct, text, withDefault } from "../../schema/build.ts";
import { rule, unique } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";
import { claimHeadersSchema } from "./jwt.ts";

/** A key of a Secret of the policy's namespace. */
export const secretEntry = (key: string) =>
  struct({ name: objectName, key: withDefault(text({ minLength: 1, maxLength: 253 }), key) });

const loopbackHost = /^(.*\.)?localhost$|^127(\.\d{1,3}){3}$|^\[::1\]$/i;

/** Parameters that are the login's own. */
const ownParameters = new Set([
  "client_id",
  "code_challenge",
  "code_challenge_method",
  "nonce",
  "redirect_uri",
  "request",
  "request_uri",
  "response_mode",
  "response_type",
  "scope",
  "state",
]);

const issuer = text({
  minLength: 1,
  maxLength: 2048,
  description: "the issuer's URL, such as https://id.example",
  rules: [
    rule<string>(
      "oidc-issuer-secure",
      "must be an https URL without user, query and fragment, as the provider writes it; http is taken of a loopback address alone",
      (self) => {
        if (!URL.canParse(self) || /[?#\s\\]/.test(self)) return false;
        const url = new URL(self);
        const isPlain = url.protocol === "http:" && loopbackHost.test(url.hostname);
        return (url.protocol === "https:" || isPlain) && url.username === "" && url.password === "";
      },
    ),
  ],
});

const parameterSchema = struct({
  name: text({
    minLength: 1,
    maxLength: 64,
    pattern: "^[A-Za-z0-9_.-]+$",
    rules: [
      rule<string>(
        "oidc-parameter-free",
        "is the login's own; use one such as prompt or audience",
        (self) => !ownParameters.has(self),
      ),
    ],
  }),
  value: text({ minLength: 1, maxLength: 1024 }),
});

const providerSchema = struct({
  /** In paths: its redirect URI is ORIGIN PATH/callback/NAME. */
  name: text({ minLength: 1, maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }),
  issuer,
  clientId: text({ minLength: 1, maxLength: 1024 }),
  /** Without it the client is a public one. */
  clientSecretRef: optional(secretEntry("client-secret")),
  clientAuthentication: withDefault(choice(["Basic", "Post"]), "Basic"),
  /** By which the provider is reached; by default by its URLs. */
  backendRef: optional(backendObjectReferenceSchema),
  /** Beside openid. */
  scopes: withDefault(
    set(text({ minLength: 1, maxLength: 256, pattern: "^[!#-\\[\\]-~]+$" }), { maxItems: 32 }),
    [],
  ),
  parameters: optional(keyedList(["name"], parameterSchema, { maxItems: 16 })),
  clockSkew: withDefault(boundedTime("0s", "10m"), "30s"),
  /** Claims are asked for at the UserInfo endpoint too. */
  userInfo: withDefault(flag(), false),
  claimHeaders: optional(claimHeadersSchema),
  /** The access token goes on to the backend, in Authorization. */
  forwardAccessToken: withDefault(flag(), false),
});
export type OidcProviderSpec = Static<typeof providerSchema>;

const ownPath = text({
  minLength: 2,
  maxLength: 256,
  pattern: "^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$",
  description: "a path such as /oauth2, without a slash at its end",
});

/** Login of browsers at OpenID providers. */
export const oidcSchema = struct({
  providers: keyedList(["name"], providerSchema, {
    minItems: 1,
    maxItems: 8,
    rules: [
      unique<OidcProviderSpec>("oidc-provider-unique", "each name must stand once", ({ name }) => name),
    ],
  }),
  /** Its own pages are below; it must be a path that the guarded routes take. */
  path: withDefault(ownPath, "/oauth2"),
  /** Where browsers see this, where that is not what requests say: behind something that ends TLS. */
  origin: optional(
    text({
      maxLength: 512,
      rules: [
        rule<string>(
          "oidc-origin",
          "must be an origin such as https://shop.example, without a slash behind it",
          (self) => URL.canParse(self) && /^https?:/.test(self) && new URL(self).origin === self,
        ),
      ],
    }),
  ),
  session: struct({
    /** A Secret's key with one line for each key, 32 octets in base64; the first seals cookies, all open them. */
    keysRef: secretEntry("keys"),
    cookieName: withDefault(
      text({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" }),
      "heddle-session",
    ),
    maxAge: withDefault(boundedTime("1m", "8760h"), "12h"),
  }),
  logout: withDefault(
    struct({
      /** Where it ends. */
      returnPath: withDefault(text({ maxLength: 1024, pattern: "^/([^/\\\\][!-~]*)?$" }), "/"),
      /** The session at the provider ends too, where it can. */
      atProvider: withDefault(flag(), true),
    }),
    {},
  ),
});
export type OidcSpec = Static<typeof oidcSchema>;
