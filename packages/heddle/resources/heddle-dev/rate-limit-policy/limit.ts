import type { Static } from "typebox";
import {
  choice,
  flag,
  integer,
  keyedList,
  list,
  optional,
  set,
  struct,
  text,
  withDefault,
} from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { headerName, headerValue } from "../../gateway-api/http-header.ts";
import { limitKeySchema } from "./key.ts";
import { concurrencySchema, fixedWindowSchema, slidingWindowSchema, tokenBucketSchema } from "./meters.ts";

const units = integer({ minimum: 0, maximum: 1_000_000_000, format: "int64" });

const costSchema = struct(
  {
    /** Of every request. */
    constant: optional(integer({ minimum: 1, maximum: 1_000_000_000, format: "int64" })),
    /** A whole number; what cannot be read costs all of the quota. */
    requestHeader: optional(struct({ name: headerName, default: withDefault(units, 1) })),
    /** The same, charged when the response is there. */
    responseHeader: optional(
      struct({ name: headerName, default: withDefault(units, 1), remove: withDefault(flag(), true) }),
    ),
  },
  {
    rules: [
      rule<Record<string, unknown>>(
        "one-cost",
        "give one of constant, requestHeader and responseHeader",
        (self) => Object.keys(self).length === 1,
      ),
    ],
  },
);

const path = text({
  minLength: 1,
  maxLength: 1024,
  pattern: "^/[^?#%\\\\]*$",
  description: "a path that begins with a slash, without query or escapes",
});

/** All that is given must hold. */
const matchSchema = struct(
  {
    methods: optional(
      set(text({ pattern: "^[A-Z]{1,32}$", description: "a method such as GET" }), {
        minItems: 1,
        maxItems: 16,
      }),
    ),
    /** Prefixes, by segments: /api is /api and all below it. One is enough. */
    paths: optional(set(path, { minItems: 1, maxItems: 32 })),
    /** Without a value: it is there. */
    headers: optional(
      list(struct({ name: headerName, value: optional(headerValue) }), { minItems: 1, maxItems: 16 }),
    ),
  },
  {
    rules: [
      rule<object>(
        "match-says-what",
        "give methods, paths or headers, or no match at all",
        (self) => Object.keys(self).length > 0,
      ),
    ],
  },
);

const meterNames = ["tokenBucket", "slidingWindow", "fixedWindow", "concurrency"] as const;

/** As far as costs are compared with what there is. */
interface Costly {
  readonly cost?: { readonly constant?: number };
  readonly tokenBucket?: { readonly rate: number; readonly burst?: number };
  readonly slidingWindow?: { readonly quota: number };
  readonly fixedWindow?: { readonly quota: number };
}

function atOnce({ tokenBucket, slidingWindow, fixedWindow }: Costly): number {
  if (tokenBucket !== undefined) return tokenBucket.burst ?? tokenBucket.rate;
  return (slidingWindow ?? fixedWindow)?.quota ?? Infinity;
}

const limitSchema = struct(
  {
    /** What clients and metrics see. */
    name: text({
      minLength: 1,
      maxLength: 63,
      pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
      description: "lower-case letters, digits and hyphens",
    }),
    tokenBucket: optional(tokenBucketSchema),
    slidingWindow: optional(slidingWindowSchema),
    fixedWindow: optional(fixedWindowSchema),
    concurrency: optional(concurrencySchema),
    key: optional(limitKeySchema),
    /** Of a request that lacks a part of the key. Share: it has the same key as all such. */
    whenKeyMissing: withDefault(choice(["Share", "Skip", "Deny"]), "Share"),
    match: optional(matchSchema),
    cost: optional(costSchema),
    /** Shadow: it counts, and refuses nothing. */
    mode: withDefault(choice(["Enforce", "Shadow"]), "Enforce"),
    /** Whether a limit of its name at a more specific place holds in its place. */
    overridable: withDefault(flag(), false),
  },
  {
    rules: [
      rule<Record<string, unknown>>(
        "one-meter",
        "give one of tokenBucket, slidingWindow, fixedWindow and concurrency",
        (self) => meterNames.filter((name) => self[name] !== undefined).length === 1,
      ),
      rule<{ concurrency?: unknown; cost?: unknown }>(
        "concurrency-has-no-cost",
        "cost has no meaning with concurrency, which counts requests; remove it",
        ({ concurrency, cost }) => concurrency === undefined || cost === undefined,
      ),
      rule<Costly>(
        "cost-within-limit",
        "cost.constant must not exceed what is let through at once, or nothing ever passes",
        (self) => (self.cost?.constant ?? 1) <= atOnce(self),
      ),
    ],
  },
);
export type LimitSpec = Static<typeof limitSchema>;

/** All of them must let a request through. */
export const limitsSchema = keyedList(["name"], limitSchema, { minItems: 1, maxItems: 16 });
