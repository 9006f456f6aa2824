import type { Static } from "typebox";
import { headerName } from "../../gateway-api/http-header.ts";
import { backendObjectReferenceSchema } from "../../gateway-api/reference.ts";
import {
  choice,
  flag,
  integer,
  mapOf,
  optional,
  set,
  struct,
  text,
  withDefault,
} from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";

const headerNames = set(headerName, { minItems: 1, maxItems: 64 });

/** By forward auth: a request like the client's, which is answered with 2xx or otherwise. */
const httpSchema = struct({
  /** Goes before the path of the request, or, without `appendPath`, is all of the path. */
  path: withDefault(text({ maxLength: 1024 }), ""),
  appendPath: withDefault(flag(), true),
  /** Of the request, beside Authorization. */
  requestHeaders: optional(headerNames),
  /** Of an answer that allows, for the backend; what the client sends under these names is removed. */
  upstreamHeaders: optional(headerNames),
  /** Of an answer that allows, for the client. */
  clientHeaders: optional(headerNames),
});

/** By envoy.service.auth.v3.Authorization/Check. */
const grpcSchema = struct({
  /** By default all. */
  requestHeaders: optional(headerNames),
  contextExtensions: optional(mapOf(text({ maxLength: 1024 }), { maxProperties: 32 })),
});

const cacheSchema = struct({
  /** All that the verdict depends on. */
  key: set(
    text({
      maxLength: 263,
      pattern: "^(method|host|path|query|clientAddress|principal|header:[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+)$",
      description: "method, host, path, query, clientAddress, principal, or header:NAME",
    }),
    { minItems: 1, maxItems: 16 },
  ),
  ttl: boundedTime("1ms", "1h"),
  /** In each worker. */
  maxEntries: withDefault(integer({ minimum: 1, maximum: 1_000_000 }), 4096),
});

interface Shape {
  http?: unknown;
  grpc?: unknown;
  body?: unknown;
  cache?: unknown;
}

/** A service that is asked whether a request may pass. */
export const externalAuthorizationSchema = struct(
  {
    backendRef: backendObjectReferenceSchema,
    http: optional(httpSchema),
    grpc: optional(grpcSchema),
    timeout: withDefault(boundedTime("1ms", "1m"), "1s"),
    /** What becomes of a request for which the service gives no verdict. */
    failureMode: withDefault(choice(["Deny", "Allow"]), "Deny"),
    statusOnError: withDefault(integer({ minimum: 400, maximum: 599 }), 403),
    /** The body goes to the service too. */
    body: optional(
      struct({
        maxBytes: withDefault(integer({ minimum: 1, maximum: 16_777_216 }), 65_536),
        /** What becomes of a longer one: 413, or the service gets its beginning. */
        longer: withDefault(choice(["Deny", "Truncate"]), "Deny"),
      }),
    ),
    cache: optional(cacheSchema),
  },
  {
    rules: [
      rule<Shape>(
        "external-authorization-protocol",
        "must have either http or grpc, as the service speaks",
        ({ http, grpc }) => (http === undefined) !== (grpc === undefined),
      ),
      rule<Shape>(
        "external-authorization-cache-without-body",
        "cache and body cannot be together: the verdict on one body would hold for another; remove one",
        ({ body, cache }) => body === undefined || cache === undefined,
      ),
    ],
  },
);
export type ExternalAuthorizationSpec = Static<typeof externalAuthorizationSchema>;
