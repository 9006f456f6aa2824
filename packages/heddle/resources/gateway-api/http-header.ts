import type { Static } from "typebox";
import { choice, keyedList, optional, set, struct, text, withDefault } from "../schema/build.ts";

export const headerName = text({
  minLength: 1,
  maxLength: 256,
  pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
  description: "a header name such as X-Request-Id",
});

export const headerValue = text({
  minLength: 1,
  maxLength: 4096,
  pattern: "^[!-~]+([\\t ]?[!-~]+)*$",
  description: "a header value: visible ASCII characters with single spaces between",
});

/** How the value of a header, query parameter or gRPC method is compared. */
export const matchType = choice(["Exact", "RegularExpression"]);

export const headerMatchSchema = struct({
  name: headerName,
  type: withDefault(matchType, "Exact"),
  value: headerValue,
});
export type HTTPHeaderMatch = Static<typeof headerMatchSchema>;

export const httpHeaderSchema = struct({ name: headerName, value: headerValue });
export type HTTPHeader = Static<typeof httpHeaderSchema>;

const headers = keyedList(["name"], httpHeaderSchema, { maxItems: 16 });

/** Changes to a header block, applied in the order set, add, remove. */
export const headerFilterSchema = struct({
  add: optional(headers),
  remove: optional(set(text(), { maxItems: 16 })),
  set: optional(headers),
});
export type HTTPHeaderFilter = Static<typeof headerFilterSchema>;
