import type { Static } from "typebox";
import { parseDurationMs } from "../../gateway-api/go-duration.ts";
import { portNumber, preciseHostname } from "../../gateway-api/names.ts";
import {
  integer,
  intOrString,
  keyedList,
  list,
  optional,
  struct,
  text,
  withDefault,
} from "../../schema/build.ts";
import { everyItem, rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";

const statusRange = /^[1-5]\d\d(-[1-5]\d\d)?$/;

/** `200`, or `200-299` in rising order. */
export function readStatusRange(written: number | string): readonly [from: number, to: number] | null {
  const text = String(written);
  if (!statusRange.test(text)) return null;
  const [from = "", to = from] = text.split("-");
  return Number(from) <= Number(to) ? [Number(from), Number(to)] : null;
}

const httpCheckSchema = struct({
  /** By default the endpoint's address and port, or the name that its certificate is checked for. */
  host: optional(preciseHostname),
  path: withDefault(
    text({
      maxLength: 1024,
      pattern: "^/[!-~]*$",
      description: "a path such as /healthz, with a query where need be",
    }),
    "/",
  ),
  headers: optional(
    keyedList(
      ["name"],
      struct({
        name: text({
          minLength: 1,
          maxLength: 256,
          pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
          description: "the name of a header",
        }),
        value: text({ maxLength: 4096, pattern: "^[\\t -~]*$", description: "visible ASCII and blanks" }),
      }),
      {
        maxItems: 16,
        rules: [
          everyItem<{ name: string }>(
            "check-header-allowed",
            "Host is given by host, and headers of the connection and the body cannot be given",
            ({ name }) =>
              !/^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect)$/i.test(
                name,
              ),
          ),
        ],
      },
    ),
  ),
  expectedStatuses: withDefault(
    list(intOrString(), {
      minItems: 1,
      maxItems: 16,
      rules: [
        everyItem<number | string>(
          "status-range-valid",
          'must be a status such as 204, or a range such as "200-299"',
          (item) => readStatusRange(item) !== null,
        ),
      ],
    }),
    ["200-399"],
  ),
  /** A text that the body has in its first 64 KiB. */
  expectedBody: optional(text({ minLength: 1, maxLength: 1024 })),
});

interface CheckShape {
  http?: unknown;
  grpc?: unknown;
  tcp?: unknown;
  interval: string;
  timeout: string;
  jitter?: string;
}

const ms = (time: string | undefined): number => parseDurationMs(time ?? "") ?? 0;

export const healthCheckSchema = struct(
  {
    /** A GET, in the HTTP version that the endpoints are spoken to in. */
    http: optional(httpCheckSchema),
    /** By grpc.health.v1.Health/Check; without a service, of the server as a whole. */
    grpc: optional(struct({ service: withDefault(text({ maxLength: 1024 }), "") })),
    /** That a connection can be made, with TLS where the endpoints have it. */
    tcp: optional(struct({})),
    /** By default the endpoint's own. */
    port: optional(portNumber),
    interval: withDefault(boundedTime("100ms", "1h"), "5s"),
    /** Give or take; by default a tenth of the interval. */
    jitter: optional(boundedTime("0s", "1h")),
    timeout: withDefault(boundedTime("10ms", "1m"), "1s"),
    unhealthyThreshold: withDefault(integer({ minimum: 1, maximum: 100 }), 3),
    healthyThreshold: withDefault(integer({ minimum: 1, maximum: 100 }), 2),
  },
  {
    rules: [
      rule<CheckShape>(
        "one-way-to-ask",
        "exactly one of http, grpc and tcp must be given",
        ({ http, grpc, tcp }) => [http, grpc, tcp].filter((one) => one !== undefined).length === 1,
      ),
      rule<CheckShape>(
        "timeout-within-interval",
        "timeout must not be longer than interval",
        ({ interval, timeout }) => ms(timeout) <= ms(interval),
      ),
      rule<CheckShape>(
        "jitter-within-interval",
        "jitter must not be longer than interval",
        ({ interval, jitter }) => ms(jitter) <= ms(interval),
      ),
    ],
  },
);
export type HealthCheck = Static<typeof healthCheckSchema>;
