import type { Static } from "typebox";
import { namespace, objectName, portNumber } from "../../gateway-api/names.ts";
import { choice, integer, list, number, optional, struct, text, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";

/** One of a rule's backendRefs. */
const backendSchema = struct({
  kind: withDefault(choice(["Service", "Backend"]), "Service"),
  name: objectName,
  /** By default that of the route. */
  namespace: optional(namespace),
  /** Where the rule has several of that name. */
  port: optional(portNumber),
});
type CanaryBackend = Static<typeof backendSchema>;

const stepSchema = struct({
  /** Percent of the requests that go to the canary. */
  weight: integer({ minimum: 1, maximum: 100 }),
  pause: boundedTime("100ms", "168h"),
});

const analysisSchema = struct(
  {
    maxErrorPercent: optional(number({ minimum: 0, maximum: 100 })),
    maxLatencyP99: optional(boundedTime("1ms", "10m")),
    /** The canary's p99 over the stable one's. */
    maxLatencyRatio: optional(number({ minimum: 1, maximum: 1_000 })),
    minRequests: withDefault(integer({ minimum: 1, maximum: 1_000_000 }), 50),
    interval: withDefault(boundedTime("100ms", "1h"), "10s"),
  },
  {
    rules: [
      rule<{ maxErrorPercent?: number; maxLatencyP99?: string; maxLatencyRatio?: number }>(
        "analysis-has-a-bound",
        "one of maxErrorPercent, maxLatencyP99 and maxLatencyRatio must be given",
        ({ maxErrorPercent, maxLatencyP99, maxLatencyRatio }) =>
          maxErrorPercent !== undefined || maxLatencyP99 !== undefined || maxLatencyRatio !== undefined,
      ),
    ],
  },
);

const steps = list(stepSchema, {
  minItems: 1,
  maxItems: 32,
  rules: [
    rule<readonly { weight: number }[]>("weights-rise", "weights of steps must rise", (self) =>
      self.every(({ weight }, at) => at === 0 || weight > self[at - 1]!.weight),
    ),
  ],
});

const sameText = ({ kind, name, namespace: of = "", port = 0 }: CanaryBackend): string =>
  `${kind} ${of} ${name} ${port}`;

export const canarySchema = struct(
  {
    stable: backendSchema,
    canary: backendSchema,
    steps,
    analysis: analysisSchema,
    /** Any text: another one than before begins anew, after a rollback too. */
    revision: withDefault(text({ maxLength: 128 }), ""),
  },
  {
    rules: [
      rule<{ stable: CanaryBackend; canary: CanaryBackend }>(
        "canary-is-another",
        "stable and canary must be different backendRefs of the rule",
        ({ stable, canary }) => sameText(stable) !== sameText(canary),
      ),
    ],
  },
);
export type Canary = Static<typeof canarySchema>;
export type CanaryBackendRef = CanaryBackend;
