import type { Static } from "typebox";
import { conditions } from "../gateway-api/condition.ts";
import { objectName } from "../gateway-api/names.ts";
import { backendFields, servicePortRule } from "../gateway-api/reference.ts";
import { defineKind, type ResourceOf } from "../kind.ts";
import { anyObject, choice, keyedList, optional, struct, text, withDefault } from "../schema/build.ts";
import { type Rule } from "../schema/rule.ts";
import { heddleGroup } from "./backend.ts";
import { boundedTime } from "./bounded-time.ts";

/** A name of npm, with a path into the package or without; or a path that says so by its first dot. */
const modulePattern =
  "^(\\.{1,2}/[^\\\\?#%\\x00-\\x1f]+|(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*(/[A-Za-z0-9._~-]+)*)$";

/** As keys they would change what an object inherits, or what made it (threats 41). */
const dangerous: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const maxDepth = 32;

function offender(value: unknown, path: string, depth: number): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > maxDepth) return path;
  for (const [key, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    const found = !Array.isArray(value) && dangerous.has(key) ? at : offender(inner, at, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

const configRule: Rule = {
  name: "config-plain",
  message: `must be an object, without fields named __proto__, constructor and prototype, at most ${maxDepth} deep`,
  offender: (self) =>
    typeof self !== "object" || self === null || Array.isArray(self) ? "" : offender(self, "", 0),
};

/** What a filter calls something by. */
const givenName = text({
  minLength: 1,
  maxLength: 63,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  description: "lower-case letters, digits and hyphens, such as users",
});

const filterBackendSchema = struct({ as: givenName, ...backendFields }, { rules: [servicePortRule] });

const filterDataSchema = struct({
  as: givenName,
  kind: withDefault(choice(["ConfigMap", "Secret"]), "Secret"),
  name: objectName,
  key: text({ minLength: 1, maxLength: 253, pattern: "^[-._a-zA-Z0-9]+$" }),
});

const filterSpecSchema = struct({
  module: text({
    minLength: 1,
    maxLength: 512,
    pattern: modulePattern,
    description:
      "the name of an npm module, or a path that begins with ./ or ../ from the file that this is written in",
  }),
  export: withDefault(
    text({
      minLength: 1,
      maxLength: 128,
      pattern: "^[A-Za-z_$][A-Za-z0-9_$]*$",
      description: "a name in JavaScript",
    }),
    "default",
  ),
  /** What the filter's own schema asks for. */
  config: withDefault(anyObject({ rules: [configRule] }), {}),
  /** How long one call of a phase may keep its worker before that is counted and logged; 0s: for ever. */
  budget: withDefault(boundedTime("0s", "10s"), "10ms"),
  /** What the filter may ask, by `as`. */
  backends: withDefault(keyedList(["as"], filterBackendSchema, { maxItems: 16 }), []),
  /** Texts of Secrets and ConfigMaps that the filter may read, by `as`. */
  data: withDefault(keyedList(["as"], filterDataSchema, { maxItems: 16 }), []),
});
export type FilterSpecFields = Static<typeof filterSpecSchema>;

export const filterKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "Filter",
  plural: "filters",
  namespaced: true,
  isStrict: true,
  fields: { spec: filterSpecSchema, status: optional(struct({ conditions: optional(conditions) })) },
});
/** A filter of the user's own, from a module: routes name it by ExtensionRef, FilterPolicies by name. */
export type Filter = ResourceOf<typeof filterKind>;
