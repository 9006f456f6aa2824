import type { Static } from "typebox";
import { headerName } from "../../gateway-api/http-header.ts";
import { choice, integer, list, optional, set, struct, text, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";

interface QueryShape {
  only?: unknown;
  except?: unknown;
}

const parameterNames = set(text({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 64 });

/** Which parameters of the query tell responses apart. */
const querySchema = struct(
  {
    only: optional(parameterNames),
    except: optional(parameterNames),
  },
  {
    rules: [
      rule<QueryShape>(
        "query-only-or-except",
        "must have one of only and except",
        ({ only, except }) => (only === undefined) !== (except === undefined),
      ),
    ],
  },
);

const coalescingSchema = struct({
  /** Requests that wait for one; 0: each asks for itself. */
  maxWaiting: withDefault(integer({ minimum: 0, maximum: 100_000 }), 1_000),
  timeout: withDefault(boundedTime("10ms", "5m"), "5s"),
});

interface StatusesShape {
  errorStatuses?: readonly number[];
}

/** They answer credentials, conditions, ranges and expectations of the one request, which no key has. */
const OF_ONE_REQUEST: readonly number[] = [401, 407, 412, 416, 417];

export const cacheSchema = struct(
  {
    /** Of all that a worker keeps in memory for the policy, in octets. */
    memoryBytes: withDefault(integer({ minimum: 65_536, maximum: 17_179_869_184 }), 67_108_864),
    /** Of one response's body. */
    maxObjectBytes: withDefault(integer({ minimum: 1, maximum: 67_108_864 }), 1_048_576),
    /** Shared by all workers, and kept over a restart. */
    disk: optional(struct({ maxBytes: integer({ minimum: 1_048_576, maximum: 1_099_511_627_776 }) })),
    key: optional(
      struct({
        query: optional(querySchema),
        headers: optional(set(headerName, { minItems: 1, maxItems: 16 })),
      }),
    ),
    /** Errors that are stored too, where they say how long they are fresh. */
    errorStatuses: optional(set(integer({ minimum: 400, maximum: 599 }), { minItems: 1, maxItems: 32 })),
    /** Fields of responses that are read in place of Cache-Control and Expires, the first that is there (RFC 9213). */
    targetList: optional(list(headerName, { minItems: 1, maxItems: 8 })),
    /** For responses that do not say how long they are fresh; without it, they are not stored. */
    heuristic: optional(
      struct({
        percent: withDefault(integer({ minimum: 1, maximum: 100 }), 10),
        max: withDefault(boundedTime("1s", "8760h"), "24h"),
      }),
    ),
    /** For responses that do not say it themselves. */
    staleWhileRevalidate: optional(boundedTime("1s", "8760h")),
    staleIfError: optional(boundedTime("1s", "8760h")),
    /** Cache-Control and Pragma of requests. */
    requestDirectives: withDefault(choice(["Follow", "Ignore"]), "Follow"),
    /** Of responses with Set-Cookie: Skip stores none of them, Remove stores them without. */
    setCookie: withDefault(choice(["Skip", "Remove"]), "Skip"),
    coalescing: withDefault(coalescingSchema, {}),
    /** The response header Cache-Status. */
    cacheStatus: withDefault(choice(["Add", "Omit"]), "Add"),
  },
  {
    rules: [
      rule<StatusesShape>(
        "error-statuses",
        "must not have 401, 407, 412, 416 or 417 in errorStatuses",
        ({ errorStatuses = [] }) => !errorStatuses.some((status) => OF_ONE_REQUEST.includes(status)),
      ),
    ],
  },
);
export type CacheSpec = Static<typeof cacheSchema>;
