import { objectName } from "../../gateway-api/names.ts";
import { flag, struct, text, withDefault } from "../../schema/build.ts";

export const basicSchema = struct({
  /** A Secret of the policy's namespace with lines of htpasswd. */
  secretRef: struct({
    name: objectName,
    key: withDefault(text({ minLength: 1, maxLength: 253 }), "auth"),
  }),
  /** What browsers show when they ask. */
  realm: withDefault(text({ minLength: 1, maxLength: 128, pattern: "^[ -~]+$" }), "heddle"),
  /** Whether name and password go on to the backend. */
  forward: withDefault(flag(), false),
});
