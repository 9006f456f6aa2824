import type { Static } from "typebox";
import { integer, keyedList, choice, number, optional, struct, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { httpHeaderSchema } from "../../gateway-api/http-header.ts";
import { boundedTime } from "../bounded-time.ts";

/** Of the requests that it concerns; fractions are allowed. */
const percent = withDefault(number({ minimum: 0, maximum: 100 }), 100);

/** The gRPC statuses of errors. */
const grpcErrorCodes = [
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

const abortSchema = struct(
  {
    httpStatus: optional(integer({ minimum: 400, maximum: 599 })),
    /** Of gRPC calls; without it they are told what the HTTP status stands for. */
    grpcStatus: optional(choice([...grpcErrorCodes])),
    percent,
  },
  {
    rules: [
      rule<{ httpStatus?: number; grpcStatus?: string }>(
        "abort-has-a-status",
        "httpStatus, grpcStatus or both must be given",
        ({ httpStatus, grpcStatus }) => httpStatus !== undefined || grpcStatus !== undefined,
      ),
    ],
  },
);

export const faultsSchema = struct(
  {
    /** Requests wait before they go on, or are aborted. */
    delay: optional(struct({ duration: boundedTime("1ms", "10m"), percent })),
    /** Requests are answered with an error. */
    abort: optional(abortSchema),
    /** Only requests with all of these headers, with exactly these values. */
    match: optional(
      struct({ headers: keyedList(["name"], httpHeaderSchema, { minItems: 1, maxItems: 16 }) }),
    ),
  },
  {
    rules: [
      rule<{ delay?: unknown; abort?: unknown }>(
        "faults-say-what",
        "delay, abort or both must be given",
        ({ delay, abort }) => delay !== undefined || abort !== undefined,
      ),
    ],
  },
);
export type InjectedFaults = Static<typeof faultsSchema>;
