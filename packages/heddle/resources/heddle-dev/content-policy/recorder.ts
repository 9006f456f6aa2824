import type { Static } from "typebox";
import { headerName } from "../../gateway-api/http-header.ts";
import { backendObjectReferenceSchema } from "../../gateway-api/reference.ts";
import { integer, number, optional, set, struct, text, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";

export const recorderSchema = struct({
  /** The recorder. */
  backendRef: backendObjectReferenceSchema,
  path: withDefault(
    text({
      minLength: 1,
      maxLength: 1024,
      pattern: "^/[!-~]*$",
      rules: [rule<string>("recorder-path", "must be a path without a query", (self) => !/[?#]/.test(self))],
    }),
    "/",
  ),
  /** Of requests. */
  percent: withDefault(number({ minimum: 0, maximum: 100 }), 100),
  /** Of each body; 0: none of it. */
  maxBodyBytes: withDefault(integer({ minimum: 0, maximum: 1_048_576 }), 0),
  /** Beside those that are named like credentials. */
  redactHeaders: optional(set(headerName, { maxItems: 64 })),
  redactParameters: optional(set(text({ minLength: 1, maxLength: 256 }), { maxItems: 64 })),
  /** Octets that wait, in each worker. */
  maxQueueBytes: withDefault(integer({ minimum: 65_536, maximum: 1_073_741_824 }), 4_194_304),
  maxBatchRecords: withDefault(integer({ minimum: 1, maximum: 10_000 }), 100),
  /** How long a record waits for others. */
  interval: withDefault(boundedTime("10ms", "1m"), "1s"),
  /** For the answer to a batch. */
  timeout: withDefault(boundedTime("1ms", "1m"), "5s"),
});
export type RecorderSpec = Static<typeof recorderSchema>;
