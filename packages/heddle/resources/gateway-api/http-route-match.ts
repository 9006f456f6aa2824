import type { Static } from "typebox";
import { choice, keyedList, optional, struct, text, withDefault } from "../schema/build.ts";
import { rule, type Rule } from "../schema/rule.ts";
import { headerMatchSchema, headerName, matchType } from "./http-header.ts";

export const httpMethods = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
] as const;

interface PathMatch {
  type: string;
  value: string;
}

const plainTypes = ["Exact", "PathPrefix"];
const pathCharacters = "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$";
const pathExpression = new RegExp(pathCharacters);

/** A rule on the value of an exact or prefix match; regular expressions are free of it. */
function plainPath(name: string, message: string, holds: (value: string) => boolean): Rule {
  return rule<PathMatch>(name, message, (self) => !plainTypes.includes(self.type) || holds(self.value));
}

function pathLacks(name: string, text: string): Rule {
  const message = `must not contain '${text}' when type one of ['Exact', 'PathPrefix']`;
  return plainPath(`path-without-${name}`, message, (value) => !value.includes(text));
}

function pathEndsOtherThan(name: string, text: string): Rule {
  const message = `must not end with '${text}' when type one of ['Exact', 'PathPrefix']`;
  return plainPath(`path-not-ending-in-${name}`, message, (value) => !value.endsWith(text));
}

const pathRules: Rule[] = [
  plainPath(
    "path-absolute",
    "value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']",
    (value) => value.startsWith("/"),
  ),
  pathLacks("double-slash", "//"),
  pathLacks("dot-segment", "/./"),
  pathLacks("dot-dot-segment", "/../"),
  pathLacks("lower-case-escaped-slash", "%2f"),
  pathLacks("escaped-slash", "%2F"),
  pathLacks("fragment", "#"),
  pathEndsOtherThan("dot-dot", "/.."),
  pathEndsOtherThan("dot", "/."),
  rule<PathMatch>(
    "path-type-known",
    "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
    (self) => plainTypes.includes(self.type) || self.type === "RegularExpression",
  ),
  plainPath(
    "path-characters",
    `must only contain valid characters (matching ${pathCharacters}) for types ['Exact', 'PathPrefix']`,
    (value) => pathExpression.test(value),
  ),
];

const httpPathMatchSchema = struct(
  {
    type: withDefault(choice(["Exact", "PathPrefix", "RegularExpression"]), "PathPrefix"),
    value: withDefault(text({ maxLength: 1024 }), "/"),
  },
  { rules: pathRules },
);
export type HTTPPathMatch = Static<typeof httpPathMatchSchema>;

const httpQueryParamMatchSchema = struct({
  name: headerName,
  type: withDefault(matchType, "Exact"),
  value: text({ minLength: 1, maxLength: 1024 }),
});
export type HTTPQueryParamMatch = Static<typeof httpQueryParamMatchSchema>;

/** The path that a match without one has: everything. */
export const anyPath: HTTPPathMatch = { type: "PathPrefix", value: "/" };

/** What a request has to look like; all fields have to hold. */
export const httpRouteMatchSchema = struct({
  headers: optional(keyedList(["name"], headerMatchSchema, { maxItems: 16 })),
  method: optional(choice(httpMethods)),
  path: withDefault(httpPathMatchSchema, anyPath),
  queryParams: optional(keyedList(["name"], httpQueryParamMatchSchema, { maxItems: 16 })),
});
export type HTTPRouteMatch = Static<typeof httpRouteMatchSchema>;
