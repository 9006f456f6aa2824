import { choice, integer, optional, set, struct, text, withDefault } from "../../schema/build.ts";
import { everyItem } from "../../schema/rule.ts";
import { boundedTime } from "../bounded-time.ts";
import { secretSelectionSchema } from "../secret-selection.ts";

/** What is derived of a request (RFC 9421 section 2.2). */
const derived = ["@method", "@authority", "@scheme", "@path", "@query", "@request-target", "@target-uri"];

const component = text({
  minLength: 1,
  maxLength: 256,
  pattern: "^@?[a-z0-9!#$%&'*+.^_|~-]+$",
  description: "a component such as @method or content-type, in lower case",
});

export const httpSignaturesSchema = struct({
  /** Of type heddle.dev/signature-keys. */
  secrets: secretSelectionSchema,
  /** What has to be covered. */
  components: withDefault(
    set(component, {
      maxItems: 32,
      rules: [
        everyItem<string>(
          "component-known",
          `must be the name of a header or one of ${derived.join(", ")}`,
          (name) => !name.startsWith("@") || derived.includes(name),
        ),
      ],
    }),
    ["@method", "@authority", "@path", "@query"],
  ),
  /** Signatures with another tag are not looked at. */
  tag: optional(text({ minLength: 1, maxLength: 256, pattern: "^[ -~]+$" })),
  /** Since `created`. */
  maxAge: withDefault(boundedTime("1s", "24h"), "5m"),
  clockSkew: withDefault(boundedTime("0s", "10m"), "30s"),
  /** Required: each is taken once. */
  nonce: withDefault(choice(["Required", "Ignored"]), "Ignored"),
  /** Required: bodies have to be covered by one. */
  contentDigest: withDefault(choice(["Required", "IfCovered"]), "Required"),
  maxBodyBytes: withDefault(integer({ minimum: 1, maximum: 104_857_600 }), 1_048_576),
});
