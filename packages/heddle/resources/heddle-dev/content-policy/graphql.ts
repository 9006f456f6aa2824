import type { Static } from "typebox";
import { choice, integer, keyedList, set, struct, text, withDefault } from "../../schema/build.ts";

const graphqlName = text({
  minLength: 1,
  maxLength: 256,
  pattern: "^[_A-Za-z][_0-9A-Za-z]*$",
  description: "a name of GraphQL: letters, digits and _",
});

const atMost = (maximum: number, standard: number, minimum = 1) =>
  withDefault(integer({ minimum, maximum }), standard);

const allow = (standard: "Allow" | "Deny") => withDefault(choice(["Allow", "Deny"]), standard);

export const graphqlSchema = struct({
  maxBytes: atMost(16_777_216, 262_144),
  maxTokens: atMost(1_000_000, 2_000),
  maxDepth: atMost(200, 12),
  maxCost: atMost(1_000_000_000, 1_000),
  maxAliases: atMost(100_000, 30, 0),
  maxDirectives: atMost(100_000, 50, 0),
  /** Operations in one request. */
  maxBatch: atMost(1_000, 1),
  /** What fields cost by their names; others cost 1. */
  fieldCosts: withDefault(
    keyedList(["field"], struct({ field: graphqlName, cost: integer({ minimum: 0, maximum: 1_000_000 }) }), {
      maxItems: 1_000,
    }),
    [],
  ),
  /** Arguments whose value multiplies what is below the field. */
  multipliers: withDefault(set(graphqlName, { maxItems: 64 }), ["first", "last", "limit"]),
  introspection: allow("Deny"),
  /** Operations that are named by a hash or an id. */
  persistedQueries: allow("Deny"),
  webSockets: allow("Deny"),
});
export type GraphqlSpec = Static<typeof graphqlSchema>;
