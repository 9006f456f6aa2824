import type { Static } from "typebox";
import { choice, integer, list, optional, struct, text } from "../../schema/build.ts";
import { everyItem } from "../../schema/rule.ts";
import { claimPath } from "../claim-path.ts";

const keySources = [
  "Subject",
  "Issuer",
  "Claim",
  "ClientIP",
  "Header",
  "Cookie",
  "Query",
  "Method",
  "Host",
  "Path",
  "Route",
  "Constant",
] as const;

const keyPartSchema = struct({
  from: choice(keySources),
  /** Of the header, cookie or query parameter. */
  name: optional(text({ minLength: 1, maxLength: 256 })),
  /** `sub`, or `realm_access.org`. */
  claim: optional(claimPath),
  /** How many bits of an address count. By default 32 of IPv4 and 64 of IPv6. */
  ipv4Prefix: optional(integer({ minimum: 0, maximum: 32 })),
  ipv6Prefix: optional(integer({ minimum: 0, maximum: 128 })),
  /** A constant. */
  value: optional(text({ minLength: 1, maxLength: 256 })),
});
export type LimitKeyPart = Static<typeof keyPartSchema>;

/** What belongs to each source; the others have nothing. */
const belongs: Partial<Record<LimitKeyPart["from"], readonly (keyof LimitKeyPart)[]>> = {
  Claim: ["claim"],
  Header: ["name"],
  Cookie: ["name"],
  Query: ["name"],
  Constant: ["value"],
};
const addressFields = ["ipv4Prefix", "ipv6Prefix"] as const;
const token = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;

/** All parts together are the key. Without any, all requests have the same. */
export const limitKeySchema = list(keyPartSchema, {
  maxItems: 8,
  rules: [
    everyItem<LimitKeyPart>(
      "key-part-whole",
      "Claim needs claim; Header, Cookie and Query need name; Constant needs value",
      (part) => (belongs[part.from] ?? []).every((field) => part[field] !== undefined),
    ),
    everyItem<LimitKeyPart>(
      "key-part-plain",
      "claim is for Claim alone, name for Header, Cookie and Query, value for Constant, ipv4Prefix and ipv6Prefix for ClientIP; remove it",
      (part) => {
        const allowed: readonly string[] =
          part.from === "ClientIP" ? addressFields : (belongs[part.from] ?? []);
        return Object.keys(part).every((field) => field === "from" || allowed.includes(field));
      },
    ),
    everyItem<LimitKeyPart>(
      "key-name-token",
      "the name of a header or a cookie has letters, digits and !#$%&'*+-.^_`|~ only",
      ({ from, name }) => name === undefined || (from !== "Header" && from !== "Cookie") || token.test(name),
    ),
  ],
});
