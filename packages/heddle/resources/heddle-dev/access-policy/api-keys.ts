import type { Static } from "typebox";
import { headerName } from "../../gateway-api/http-header.ts";
import { choice, flag, list, optional, struct, text, withDefault } from "../../schema/build.ts";
import { rule, unique } from "../../schema/rule.ts";
import { secretSelectionSchema } from "../secret-selection.ts";

interface PlaceShape {
  header?: { name: string; scheme?: string };
  query?: string;
}

const placeSchema = struct(
  {
    header: optional(
      struct({
        name: headerName,
        /** The word before the key, such as Bearer of Authorization. */
        scheme: optional(text({ minLength: 1, maxLength: 32, pattern: "^[A-Za-z0-9!#$%&'*+.^_|~-]+$" })),
      }),
    ),
    /** A parameter of the query. */
    query: optional(
      text({
        description: "the name of a parameter of the query",
        minLength: 1,
        maxLength: 64,
        pattern: "^[A-Za-z0-9_.~-]+$",
      }),
    ),
  },
  {
    rules: [
      rule<PlaceShape>(
        "key-place-one",
        "must have one of header and query",
        ({ header, query }) => (header === undefined) !== (query === undefined),
      ),
    ],
  },
);

export const apiKeysSchema = struct({
  /** Of type heddle.dev/api-keys; `heddle key create` writes them. */
  secrets: secretSelectionSchema,
  /** Where keys are looked for; by default in X-API-Key. */
  from: withDefault(
    list(placeSchema, {
      minItems: 1,
      maxItems: 8,
      rules: [
        unique<PlaceShape>("key-place-unique", "each place must stand once", ({ header, query }) =>
          header === undefined ? `?${query}` : header.name.toLowerCase(),
        ),
      ],
    }),
    [{ header: { name: "X-API-Key" } }],
  ),
  /** Heddle: keys of `heddle key create`, with a checksum. Any: others too, which must have 128 bits by chance. */
  format: withDefault(choice(["Heddle", "Any"]), "Heddle"),
  /** Whether the key goes on to the backend. */
  forward: withDefault(flag(), false),
});
export type ApiKeysSpec = Static<typeof apiKeysSchema>;
