import type { Static } from "typebox";
import { labelSelectorSchema } from "../gateway-api/label-selector.ts";
import { objectName } from "../gateway-api/names.ts";
import { optional, set, struct } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";

/** Secrets of a policy's namespace: by name, by label, or both. */
export const secretSelectionSchema = struct(
  {
    names: optional(set(objectName, { minItems: 1, maxItems: 64 })),
    /** Those of the right type that it selects; they need not be there. */
    selector: optional(labelSelectorSchema),
  },
  {
    rules: [
      rule<{ names?: unknown; selector?: unknown }>(
        "secrets-selected",
        "must have names or a selector, such as { names: [shop-keys] }",
        ({ names, selector }) => names !== undefined || selector !== undefined,
      ),
    ],
  },
);
export type SecretSelection = Static<typeof secretSelectionSchema>;
