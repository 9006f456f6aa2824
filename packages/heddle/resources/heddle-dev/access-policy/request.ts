import type { Static } from "typebox";
import { integer, optional, set, struct, text } from "../../schema/build.ts";

const token = "[A-Za-z0-9!#$&^_.-]+";

export const requestSchema = struct({
  /** Octets of a body. */
  maxBodyBytes: optional(integer({ minimum: 0, maximum: 1_099_511_627_776 })),
  /** Media types that bodies may have. */
  contentTypes: optional(
    set(
      text({
        maxLength: 128,
        pattern: `^${token}/(\\*|(\\*|${token})(\\+${token})?)$`,
        description: "a media type such as application/json, application/*+json or text/*",
      }),
      { minItems: 1, maxItems: 64 },
    ),
  ),
});
export type RequestSpec = Static<typeof requestSchema>;
