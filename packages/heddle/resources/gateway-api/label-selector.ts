import type { Static } from "typebox";
import { list, mapOf, optional, refine, struct, text } from "../schema/build.ts";

/** Selects resources by their labels; every entry of both fields has to hold. */
export const labelSelectorSchema = refine(
  struct({
    matchExpressions: optional(
      list(
        struct({
          key: text(),
          operator: text({ description: "one of In, NotIn, Exists, DoesNotExist" }),
          values: optional(list(text())),
        }),
      ),
    ),
    matchLabels: optional(mapOf(text())),
  }),
  { "x-kubernetes-map-type": "atomic" },
);

export type LabelSelector = Static<typeof labelSelectorSchema>;
