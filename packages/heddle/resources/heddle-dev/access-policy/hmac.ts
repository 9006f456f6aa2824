import type { Static } from "typebox";
import { headerName } from "../../gateway-api/http-header.ts";
import { objectName } from "../../gateway-api/names.ts";
import { choice, integer, list, optional, struct, text, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";
import { parseSignedContent } from "../signed-content.ts";

const prefix = withDefault(
  text({ maxLength: 32, pattern: "^$|^[!-~]+$", description: "visible ASCII characters, or empty" }),
  "",
);

export const hmacSchema = struct(
  {
    /** Keys of Secrets of the policy's namespace, each one secret as it is: several while the sender changes its own. */
    secretRefs: list(struct({ name: objectName, key: text({ minLength: 1, maxLength: 253 }) }), {
      minItems: 1,
      maxItems: 8,
    }),
    /** Who the sender is. */
    subject: text({ minLength: 1, maxLength: 256, pattern: "^[!-~]+( [!-~]+)*$" }),
    signature: struct({
      header: headerName,
      /** Before it, such as "sha256=". */
      prefix,
      encoding: withDefault(choice(["Hex", "Base64"]), "Hex"),
      hash: withDefault(choice(["SHA256", "SHA512"]), "SHA256"),
    }),
    /** What is signed: "{body}", "{timestamp}.{body}", "v0:{timestamp}:{body}". */
    content: withDefault(
      text({
        minLength: 1,
        maxLength: 1024,
        rules: [
          rule<string>(
            "signed-content-valid",
            "must be text with {body}, {timestamp}, {method}, {path}, {query} and {header:NAME} in it, one of them at least",
            (self) => parseSignedContent(self) !== null,
          ),
        ],
      }),
      "{body}",
    ),
    /** Where the time is, in seconds since the epoch. */
    timestamp: optional(struct({ header: headerName, prefix })),
    maxAge: withDefault(boundedTime("1s", "24h"), "5m"),
    /** Whether what was signed is taken again within its time. */
    replays: withDefault(choice(["Allow", "Refuse"]), "Allow"),
    maxBodyBytes: withDefault(integer({ minimum: 1, maximum: 104_857_600 }), 1_048_576),
  },
  {
    rules: [
      rule<{ content: string; timestamp?: unknown }>(
        "timestamp-signed",
        "content must have {timestamp} where timestamp is given, and only there: a time that is not signed says nothing",
        ({ content, timestamp }) => content.includes("{timestamp}") === (timestamp !== undefined),
      ),
      rule<{ replays: string; timestamp?: unknown }>(
        "replays-timed",
        "replays can be refused where timestamp is given: without a time all requests would have to be remembered for ever",
        ({ replays, timestamp }) => replays === "Allow" || timestamp !== undefined,
      ),
    ],
  },
);
export type HmacSpec = Static<typeof hmacSchema>;
