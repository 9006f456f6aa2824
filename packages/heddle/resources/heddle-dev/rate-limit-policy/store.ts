import type { Static } from "typebox";
import { choice, integer, optional, struct, text, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { objectName } from "../../gateway-api/names.ts";
import { boundedTime } from "../bounded-time.ts";

/** `redis://HOST`, `rediss://HOST:PORT/DB`: no credentials, which belong in a Secret, and no more. */
function isRedisUrl(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || (parsed.protocol !== "redis:" && parsed.protocol !== "rediss:")) return false;
  if (parsed.username !== "" || parsed.password !== "" || parsed.hostname === "" || /[?#\s\\]/.test(url))
    return false;
  return /^(\/\d{0,3})?$/.test(parsed.pathname) && parsed.port !== "0";
}

export const limitStoreSchema = struct({
  redis: struct({
    url: text({
      minLength: 1,
      maxLength: 1024,
      rules: [
        rule<string>(
          "redis-url-valid",
          "must be redis://HOST:PORT/DB, or rediss: for TLS; who Heddle is there is in secretRef",
          isRedisUrl,
        ),
      ],
    }),
    /** A Secret of the policy's namespace: `username`, `password`, `ca.crt`, `tls.crt`, `tls.key`. */
    secretRef: optional(struct({ name: objectName })),
    /** Of a question; then it is away. */
    timeout: withDefault(boundedTime("1ms", "10s"), "100ms"),
  }),
  /** What becomes of requests while it is away: nothing is counted; nothing passes; this process counts. */
  whenUnavailable: choice(["Allow", "Deny", "Local"]),
  /** The share of each limit that this process gives by itself then. */
  localPercent: withDefault(integer({ minimum: 1, maximum: 100 }), 100),
});
export type LimitStoreSpec = Static<typeof limitStoreSchema>;
