import type { Static } from "typebox";
import { choice, optional, struct, text } from "../schema/build.ts";
import { rule, type Rule } from "../schema/rule.ts";

interface PathModifier {
  type: string;
  replaceFullPath?: string;
  replacePrefixMatch?: string;
}

function fieldFollowsType(type: string, field: "replaceFullPath" | "replacePrefixMatch"): Rule[] {
  return [
    rule<PathModifier>(
      `${field}-for-its-type`,
      `${field} must be specified when type is set to '${type}'`,
      (self) => self.type !== type || self[field] !== undefined,
    ),
    rule<PathModifier>(
      `${field}-only-for-its-type`,
      `type must be '${type}' when ${field} is set`,
      (self) => self[field] === undefined || self.type === type,
    ),
  ];
}

/** How a redirect or rewrite changes the path: all of it, or the prefix that the rule matched. */
export const httpPathModifierSchema = struct(
  {
    replaceFullPath: optional(text({ maxLength: 1024 })),
    replacePrefixMatch: optional(text({ maxLength: 1024 })),
    type: choice(["ReplaceFullPath", "ReplacePrefixMatch"]),
  },
  {
    rules: [
      ...fieldFollowsType("ReplaceFullPath", "replaceFullPath"),
      ...fieldFollowsType("ReplacePrefixMatch", "replacePrefixMatch"),
    ],
  },
);
export type HTTPPathModifier = Static<typeof httpPathModifierSchema>;
