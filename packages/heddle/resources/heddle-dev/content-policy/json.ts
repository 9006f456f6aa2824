import type { Static } from "typebox";
import { choice, integer, set, struct, text, withDefault } from "../../schema/build.ts";
import { mediaTypes } from "./media-types.ts";

const atMost = (maximum: number, standard: number) => withDefault(integer({ minimum: 1, maximum }), standard);

export const jsonSchema = struct({
  /** Of requests that are looked at. */
  types: withDefault(mediaTypes, ["application/json", "+json"]),
  maxBytes: atMost(1_073_741_824, 1_048_576),
  maxDepth: atMost(1_000, 32),
  maxMembers: atMost(1_000_000, 1_000),
  maxItems: atMost(10_000_000, 10_000),
  maxStringBytes: atMost(1_073_741_824, 262_144),
  maxNameBytes: atMost(65_536, 256),
  maxNumberBytes: atMost(65_536, 64),
  /** Two members of one name in an object. */
  duplicateNames: withDefault(choice(["Deny", "Allow"]), "Deny"),
  forbiddenNames: withDefault(set(text({ minLength: 1, maxLength: 256 }), { maxItems: 64 }), [
    "__proto__",
    "constructor",
  ]),
});
export type JsonSpec = Static<typeof jsonSchema>;
