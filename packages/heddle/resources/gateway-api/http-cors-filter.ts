import type { Static } from "typebox";
import { choice, flag, int32, optional, set, struct, text, withDefault } from "../schema/build.ts";
import { rule, type Rule } from "../schema/rule.ts";
import { headerName } from "./http-header.ts";
import { httpMethods } from "./http-route-match.ts";

function starStandsAlone(field: string, others: string): Rule {
  return rule<string[]>(
    `${field}-star-alone`,
    `${field} cannot contain '*' alongside other ${others}`,
    (self) => self.length <= 1 || !self.includes("*"),
  );
}

export const corsOrigin = text({
  minLength: 1,
  maxLength: 253,
  pattern: "(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)",
  description: "an origin such as https://shop.example.com, https://*.example.com or *",
});

/** Answers preflight requests and marks responses, so that browsers let other origins read them. */
export const httpCorsFilterSchema = struct({
  allowCredentials: optional(flag()),
  allowHeaders: optional(
    set(headerName, { maxItems: 64, rules: [starStandsAlone("AllowHeaders", "methods")] }),
  ),
  allowMethods: optional(
    set(choice([...httpMethods, "*"]), { maxItems: 9, rules: [starStandsAlone("AllowMethods", "methods")] }),
  ),
  allowOrigins: optional(
    set(corsOrigin, { maxItems: 64, rules: [starStandsAlone("AllowOrigins", "origins")] }),
  ),
  exposeHeaders: optional(set(headerName, { maxItems: 64 })),
  maxAge: withDefault(int32({ minimum: 1 }), 5),
});
export type HTTPCORSFilter = Static<typeof httpCorsFilterSchema>;
