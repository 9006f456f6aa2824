import type { Static } from "typebox";
import { headerName } from "../../gateway-api/http-header.ts";
import { objectName } from "../../gateway-api/names.ts";
import {
  choice,
  flag,
  keyedList,
  list,
  optional,
  set,
  struct,
  text,
  withDefault,
} from "../../schema/build.ts";
import { rule, unique } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";
import { claimPath } from "../claim-path.ts";

/** Signatures of tokens, by their names in JSON Web Algorithms; HS are those by a shared secret. */
export const tokenAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
  "HS256",
  "HS384",
  "HS512",
] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

function readUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== "" || url.password !== "" || /[#\s\\]/.test(text)) return null;
  return url.protocol === "https:" || url.protocol === "http:" ? url : null;
}

interface KeysShape {
  url?: string;
  allowInsecure?: boolean;
  caCertificateRefs?: unknown[];
  ref?: unknown;
  inline?: string;
}

const keysSchema = struct(
  {
    /** Where the issuer publishes its JSON Web Key Set (`jwks_uri` of its metadata). */
    url: optional(text({ minLength: 1, maxLength: 2048 })),
    /** Takes `url` by http from elsewhere than this machine. Whoever is in between can let in anybody. */
    allowInsecure: optional(flag()),
    /** Bundles in `ca.crt` that the certificate of `url` is checked with; by default the system's. */
    caCertificateRefs: optional(
      list(
        struct({
          group: withDefault(choice([""]), ""),
          kind: withDefault(choice(["ConfigMap", "Secret"]), "ConfigMap"),
          name: objectName,
        }),
        { minItems: 1, maxItems: 8 },
      ),
    ),
    /** A JSON Web Key Set, or public keys in PEM, of the policy's namespace. */
    ref: optional(
      struct({
        kind: withDefault(choice(["Secret", "ConfigMap"]), "Secret"),
        name: objectName,
        key: withDefault(text({ minLength: 1, maxLength: 253 }), "jwks.json"),
      }),
    ),
    /** The same as text, of public keys only. */
    inline: optional(text({ minLength: 1, maxLength: 262_144 })),
  },
  {
    rules: [
      rule<KeysShape>(
        "keys-from-one-place",
        "must have one of url, ref and inline",
        ({ url, ref, inline }) => [url, ref, inline].filter((one) => one !== undefined).length === 1,
      ),
      rule<KeysShape>(
        "keys-url-valid",
        "url must be a URL such as https://id.example/.well-known/jwks.json, without user and fragment",
        ({ url }) => url === undefined || readUrl(url) !== null,
      ),
      rule<KeysShape>(
        "keys-url-secure",
        "url must be https, or http of a loopback address: who is in between could let in anybody. With allowInsecure: true it is taken as it is",
        ({ url = "", allowInsecure = false }) => {
          const read = readUrl(url);
          return allowInsecure || read?.protocol !== "http:" || loopbackHost.test(read.hostname);
        },
      ),
      rule<KeysShape>(
        "keys-url-options",
        "caCertificateRefs and allowInsecure are for url; remove them",
        ({ url, allowInsecure, caCertificateRefs }) =>
          url !== undefined || (allowInsecure === undefined && caCertificateRefs === undefined),
      ),
    ],
  },
);

interface PlaceShape {
  header?: unknown;
  cookie?: unknown;
  query?: unknown;
}

const placeSchema = struct(
  {
    header: optional(
      struct({
        name: headerName,
        /** What stands before the token, with its blank, compared without case. */
        prefix: withDefault(text({ minLength: 0, maxLength: 64, pattern: "^$|^[!-~]+ ?$" }), ""),
      }),
    ),
    cookie: optional(
      text({
        description: "the name of a cookie",
        minLength: 1,
        maxLength: 256,
        pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
      }),
    ),
    query: optional(
      text({
        description: "the name of a parameter of the query",
        minLength: 1,
        maxLength: 256,
        pattern: "^[A-Za-z0-9_.~-]+$",
      }),
    ),
  },
  {
    rules: [
      rule<PlaceShape>(
        "token-place-one",
        "must have one of header, cookie and query",
        (self) => Object.values(self).filter((one) => one !== undefined).length === 1,
      ),
    ],
  },
);

/** What no claim may stand in for: the request's own form, and what Heddle says of the client. */
const reservedHeader =
  /^(host|cookie|authorization|proxy-authorization|content-.*|transfer-encoding|connection|te|trailer|upgrade|expect|keep-alive|proxy-connection|forwarded|x-forwarded-.*|x-real-ip|via|traceparent|tracestate)$/i;

const claimHeaderSchema = struct({
  header: headerName,
  claim: claimPath,
});

/** Headers that claims go on in. */
export const claimHeadersSchema = keyedList(["header"], claimHeaderSchema, {
  maxItems: 16,
  rules: [
    unique<Static<typeof claimHeaderSchema>>(
      "claim-header-unique",
      "each header must stand once",
      ({ header }) => header.toLowerCase(),
    ),
    {
      name: "claim-header-free",
      message: "header must not be one that frames, routes or authenticates; use a name such as X-User",
      offender(self) {
        const at = (self as { header: string }[]).findIndex(({ header }) => reservedHeader.test(header));
        return at < 0 ? undefined : `[${at}].header`;
      },
    },
  ],
});

const issuerSchema = struct({
  /** `iss` of its tokens, letter by letter. */
  issuer: text({ minLength: 1, maxLength: 2048, description: "the iss claim, such as https://id.example" }),
  keys: keysSchema,
  /** By default all but those with a shared secret. */
  algorithms: optional(set(choice(tokenAlgorithms), { minItems: 1 })),
  /** One of them must be in `aud`. Without any `aud` is not looked at. */
  audiences: optional(set(text({ minLength: 1, maxLength: 1024 }), { minItems: 1, maxItems: 32 })),
  /** Values of `typ` that are taken, without "application/"; one without typ is taken where JWT is. */
  types: withDefault(set(text({ minLength: 1, maxLength: 64 }), { maxItems: 8 }), ["JWT", "at+jwt"]),
  requiredClaims: optional(
    list(
      struct({
        claim: claimPath,
        /** One of them; by default any. */
        values: optional(set(text({ minLength: 1, maxLength: 1024 }), { minItems: 1, maxItems: 64 })),
      }),
      { minItems: 1, maxItems: 16 },
    ),
  ),
  /** How far the issuer's clock may be off. */
  clockSkew: withDefault(boundedTime("0s", "10m"), "30s"),
  /** Where tokens are looked for; by default in Authorization after "Bearer ". */
  from: optional(list(placeSchema, { minItems: 1, maxItems: 8 })),
  /** Claims that go on as headers. */
  claimHeaders: optional(claimHeadersSchema),
  /** Whether the token goes on to the backend. */
  forward: withDefault(flag(), true),
});
export type JwtIssuerSpec = Static<typeof issuerSchema>;

export const jwtSchema = struct({
  issuers: list(issuerSchema, {
    minItems: 1,
    maxItems: 16,
    rules: [unique<JwtIssuerSpec>("issuer-unique", "each issuer must stand once", ({ issuer }) => issuer)],
  }),
});
export type JwtSpec = Static<typeof jwtSchema>;
