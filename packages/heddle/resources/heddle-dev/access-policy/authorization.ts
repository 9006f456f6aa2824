import type { Static } from "typebox";
import { headerName } from "../../gateway-api/http-header.ts";
import { choice, list, optional, set, struct, text, withDefault } from "../../schema/build.ts";
import { rule, unique } from "../../schema/rule.ts";
import { claimPath } from "../claim-path.ts";
import { addressRange } from "../address-range.ts";

const matchText = text({ minLength: 1, maxLength: 1024 });
/** One that ends with "*" stands for all that begin so. */
const texts = () => set(matchText, { minItems: 1, maxItems: 256 });

const hasOneOf = (names: readonly string[], name: string) =>
  rule<Record<string, unknown>>(name, `must have one of ${names.join(", ")}`, (self) =>
    names.some((one) => self[one] !== undefined),
  );

const principalNames = [
  "subjects",
  "notSubjects",
  "issuers",
  "notIssuers",
  "methods",
  "notMethods",
  "scopes",
  "allScopes",
  "notScopes",
];

const principalSchema = struct(
  {
    subjects: optional(texts()),
    notSubjects: optional(texts()),
    issuers: optional(texts()),
    notIssuers: optional(texts()),
    /** How they authenticated: "jwt", "api-key" … */
    methods: optional(texts()),
    notMethods: optional(texts()),
    /** One of them. */
    scopes: optional(texts()),
    /** Each of them. */
    allScopes: optional(set(matchText, { minItems: 1, maxItems: 64 })),
    notScopes: optional(texts()),
  },
  { rules: [hasOneOf(principalNames, "principal-says-something")] },
);

const claimSchema = struct(
  {
    claim: claimPath,
    /** One of them is its value, or in its list; by default any. */
    values: optional(set(matchText, { minItems: 1, maxItems: 256 })),
    notValues: optional(set(matchText, { minItems: 1, maxItems: 256 })),
  },
  {
    rules: [
      rule<{ values?: unknown; notValues?: unknown }>(
        "claim-values-once",
        "must not have both values and notValues; name the claim twice",
        ({ values, notValues }) => values === undefined || notValues === undefined,
      ),
    ],
  },
);

const sourceSchema = struct(
  {
    /** URIs and DNS names of the client's certificate. */
    identities: optional(texts()),
    notIdentities: optional(texts()),
    /** Of the client's SPIFFE id. */
    namespaces: optional(texts()),
    notNamespaces: optional(texts()),
  },
  {
    rules: [
      hasOneOf(["identities", "notIdentities", "namespaces", "notNamespaces"], "source-says-something"),
    ],
  },
);

const matchTypes = ["Exact", "Prefix", "RegularExpression"] as const;

const pathSchema = struct(
  { type: withDefault(choice(matchTypes), "Prefix"), value: text({ minLength: 1, maxLength: 1024 }) },
  {
    rules: [
      rule<{ type: string; value: string }>(
        "path-absolute",
        "value must begin with /, and have no //, ?, # or dot segments",
        ({ type, value }) =>
          type === "RegularExpression" || (value.startsWith("/") && !/\/\/|[?#]|\/\.\.?(\/|$)/.test(value)),
      ),
    ],
  },
);

const headerSchema = struct(
  {
    name: headerName,
    type: withDefault(choice(matchTypes), "Exact"),
    /** By default any value. */
    values: optional(set(matchText, { minItems: 1, maxItems: 64 })),
    notValues: optional(set(matchText, { minItems: 1, maxItems: 64 })),
  },
  {
    rules: [
      rule<{ values?: unknown; notValues?: unknown }>(
        "header-values-once",
        "must not have both values and notValues; name the header twice",
        ({ values, notValues }) => values === undefined || notValues === undefined,
      ),
    ],
  },
);

export const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

const timeOfDay = text({
  minLength: 5,
  maxLength: 5,
  pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$",
  description: "a time of day such as 08:30, up to 24:00",
});

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const timeSchema = struct(
  {
    /** On which it begins; by default all. */
    days: optional(set(choice(weekdays), { minItems: 1 })),
    from: withDefault(timeOfDay, "00:00"),
    /** Before `from` it is of the next day. */
    to: withDefault(timeOfDay, "24:00"),
    timeZone: withDefault(
      text({
        minLength: 1,
        maxLength: 64,
        rules: [rule<string>("time-zone-known", "must be a time zone such as Europe/Berlin", isTimeZone)],
      }),
      "UTC",
    ),
    since: optional(text({ format: "date-time" })),
    until: optional(text({ format: "date-time" })),
  },
  {
    rules: [
      rule<{ since?: string; until?: string }>(
        "time-ends-later",
        "until must be later than since",
        ({ since, until }) =>
          since === undefined || until === undefined || Date.parse(since) < Date.parse(until),
      ),
    ],
  },
);

const addressRanges = () => set(addressRange, { minItems: 1, maxItems: 1024 });
const serverNames = () =>
  set(
    text({
      minLength: 1,
      maxLength: 253,
      pattern: "^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
      description: "a host name such as shop.example.com or *.example.com, in lower case",
    }),
    { minItems: 1, maxItems: 64 },
  );
const methods = () =>
  set(text({ minLength: 1, maxLength: 32, pattern: "^[A-Z-]+$" }), { minItems: 1, maxItems: 32 });
const paths = () => list(pathSchema, { minItems: 1, maxItems: 64 });
const times = () => list(timeSchema, { minItems: 1, maxItems: 16 });

const authorizationRuleSchema = struct({
  name: optional(text({ minLength: 1, maxLength: 63, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" })),
  action: choice(["Allow", "Deny"]),
  /** Who calls, as far as they authenticated. */
  principal: optional(principalSchema),
  claims: optional(list(claimSchema, { minItems: 1, maxItems: 16 })),
  /** Which workload calls, by its certificate. */
  source: optional(sourceSchema),
  /** Of the client, behind the proxies that the listener trusts. */
  clientAddresses: optional(addressRanges()),
  notClientAddresses: optional(addressRanges()),
  methods: optional(methods()),
  notMethods: optional(methods()),
  paths: optional(paths()),
  notPaths: optional(paths()),
  headers: optional(list(headerSchema, { minItems: 1, maxItems: 16 })),
  /** That the client asked for when it connected (SNI). */
  serverNames: optional(serverNames()),
  notServerNames: optional(serverNames()),
  times: optional(times()),
  notTimes: optional(times()),
});
export type AuthorizationRuleSpec = Static<typeof authorizationRuleSchema>;

/** What may be done, and by whom. */
export const authorizationSchema = struct({
  /** DryRun: what would be denied is counted and logged, and goes on. */
  mode: withDefault(choice(["Enforce", "DryRun"]), "Enforce"),
  rules: list(authorizationRuleSchema, {
    minItems: 1,
    maxItems: 128,
    rules: [
      unique<AuthorizationRuleSpec>("rule-name-unique", "each name must stand once", ({ name }) => name),
    ],
  }),
});
export type AuthorizationSpec = Static<typeof authorizationSchema>;
