import type { Static } from "typebox";
import { parseDurationMs } from "../../gateway-api/go-duration.ts";
import { duration } from "../../gateway-api/names.ts";
import {
  choice,
  flag,
  integer,
  mapOf,
  number,
  optional,
  refine,
  struct,
  text,
  withDefault,
} from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";

const token = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/;

/** Of a cookie: longer than a moment, so that a browser has a use for it. */
const cookieLife = refine(duration, {
  rules: [
    rule<string>("cookie-life", "must be at least 1s", (self) => (parseDurationMs(self) ?? 0) >= 1_000),
  ],
});

interface HashShape {
  on: string;
  name?: string;
  cookie?: unknown;
}

const hashSchema = struct(
  {
    /** Source is the client's address after trusted hops; Path has no query. */
    on: choice(["Header", "Cookie", "Source", "Query", "Path"]),
    /** Of the header, cookie or query parameter. */
    name: optional(text({ minLength: 1, maxLength: 256 })),
    /** Clients that send no such cookie yet get one. */
    cookie: optional(
      struct({
        /** How long a browser keeps it; without one until it is closed. */
        ttl: optional(cookieLife),
        path: withDefault(
          text({
            maxLength: 1024,
            pattern: "^/[^;\\x00-\\x20\\x7f]*$",
            description: "a path such as / or /cart",
          }),
          "/",
        ),
      }),
    ),
    /** Keys of an endpoint with more than this share of the mean load go to others. */
    maxLoadPercent: optional(integer({ minimum: 101, maximum: 1_000 })),
  },
  {
    rules: [
      rule<HashShape>(
        "hash-name-given",
        "name must be given with Header, Cookie and Query, and with no other",
        ({ on, name }) => ["Header", "Cookie", "Query"].includes(on) === (name !== undefined),
      ),
      rule<HashShape>(
        "hash-name-valid",
        "name of a header or cookie must be of letters, digits and !#$%&'*+-.^_`|~",
        ({ on, name }) => name === undefined || on === "Query" || token.test(name),
      ),
      rule<HashShape>(
        "hash-cookie",
        "cookie can only be set with on: Cookie",
        ({ on, cookie }) => cookie === undefined || on === "Cookie",
      ),
    ],
  },
);

const ringHashSchema = struct(
  {
    minimumSize: withDefault(integer({ minimum: 1, maximum: 8_388_608 }), 512),
    maximumSize: withDefault(integer({ minimum: 1, maximum: 8_388_608 }), 1_048_576),
  },
  {
    rules: [
      rule<{ minimumSize: number; maximumSize: number }>(
        "ring-sizes-in-order",
        "minimumSize must not be above maximumSize",
        ({ minimumSize, maximumSize }) => minimumSize <= maximumSize,
      ),
    ],
  },
);

const maglevSchema = struct({
  tableSize: withDefault(
    integer({
      minimum: 2,
      maximum: 5_000_011,
      rules: [rule<number>("table-size-prime", "must be a prime number, such as 65537", isPrime)],
    }),
    65_537,
  ),
});

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return number > 1;
}

const slowStartSchema = struct({
  window: refine(duration, {
    rules: [
      rule<string>("duration-bounds", "must be from 1s to 1h", (self) => {
        const ms = parseDurationMs(self) ?? 0;
        return ms >= 1_000 && ms <= 3_600_000;
      }),
    ],
  }),
  /** 1: in a line; above it faster at first. */
  aggression: withDefault(number({ minimum: 0.1, maximum: 10 }), 1),
  minimumWeightPercent: withDefault(integer({ minimum: 1, maximum: 100 }), 10),
});

const zoneSchema = struct(
  {
    /** Prefer: other zones when this one does not suffice. Strict: never. Off: also where a Service asks for it. */
    mode: withDefault(choice(["Prefer", "Strict", "Off"]), "Prefer"),
    /** Capacity: also as far as this zone has less than its share of endpoints. Outage: only as endpoints fail. */
    spillover: withDefault(choice(["Capacity", "Outage"]), "Capacity"),
    /** Endpoints of the same node first. */
    sameNode: withDefault(flag(), false),
  },
  {
    rules: [
      rule<{ mode: string; spillover: string; sameNode: boolean }>(
        "same-node-with-outage",
        "sameNode takes mode Prefer and spillover Outage: a node's share of endpoints says nothing of its share of callers",
        ({ mode, spillover, sameNode }) => !sameNode || (mode === "Prefer" && spillover === "Outage"),
      ),
    ],
  },
);

const failoverSchema = struct({
  /** A level is taken for whole while this many times its available share is 100 %. */
  overprovisioningPercent: withDefault(integer({ minimum: 100, maximum: 1_000 }), 140),
  /** Below this available share all endpoints are used again. 0: only when none is available. */
  panicThresholdPercent: withDefault(integer({ minimum: 0, maximum: 100 }), 50),
});

const subsetSchema = struct({
  /** Endpoints with all of these. */
  labels: mapOf(text({ maxLength: 253 }), {
    maxProperties: 16,
    rules: [
      rule<object>("labels-given", "must have at least one label", (self) => Object.keys(self).length > 0),
    ],
  }),
});

const stickySchema = struct({
  cookie: struct({
    /** By default one of its own for each backend. */
    name: optional(
      text({ minLength: 1, maxLength: 128, pattern: token.source, description: "the name of a cookie" }),
    ),
    /** How long a session lasts; without one until the browser is closed. */
    ttl: optional(cookieLife),
  }),
});

interface BalancingShape {
  algorithm: string;
  hash?: unknown;
  ringHash?: unknown;
  maglev?: unknown;
  slowStart?: unknown;
}

const hashes = (algorithm: string): boolean => algorithm === "RingHash" || algorithm === "Maglev";

export const balancingSchema = struct(
  {
    algorithm: withDefault(
      choice(["PeakEwma", "LeastRequest", "RoundRobin", "Random", "RingHash", "Maglev"]),
      "PeakEwma",
    ),
    hash: optional(hashSchema),
    ringHash: optional(ringHashSchema),
    maglev: optional(maglevSchema),
    slowStart: optional(slowStartSchema),
    zone: optional(zoneSchema),
    failover: optional(failoverSchema),
    subset: optional(subsetSchema),
    sticky: optional(stickySchema),
  },
  {
    rules: [
      rule<BalancingShape>(
        "hash-with-algorithm",
        "hash must be given with RingHash and Maglev, and with no other algorithm",
        ({ algorithm, hash }) => hashes(algorithm) === (hash !== undefined),
      ),
      rule<BalancingShape>(
        "ring-hash-with-algorithm",
        "ringHash can only be set with algorithm: RingHash",
        ({ algorithm, ringHash }) => ringHash === undefined || algorithm === "RingHash",
      ),
      rule<BalancingShape>(
        "maglev-with-algorithm",
        "maglev can only be set with algorithm: Maglev",
        ({ algorithm, maglev }) => maglev === undefined || algorithm === "Maglev",
      ),
      rule<BalancingShape>(
        "slow-start-with-algorithm",
        "slowStart has no effect with RingHash and Maglev, whose keys would move; remove it",
        ({ algorithm, slowStart }) => slowStart === undefined || !hashes(algorithm),
      ),
    ],
  },
);
/** How a backend's endpoints are chosen among. */
export type BalancingPolicy = Static<typeof balancingSchema>;
