import type { Static } from "typebox";
import { objectName } from "../../gateway-api/names.ts";
import { optional, struct, text } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";

interface SourceShape {
  text?: unknown;
  configMap?: unknown;
}

/** A text that stands in the policy, or in a ConfigMap of its namespace. */
export const textSourceSchema = (maxLength: number) =>
  struct(
    {
      text: optional(text({ maxLength })),
      configMap: optional(struct({ name: objectName, key: text({ minLength: 1, maxLength: 253 }) })),
    },
    {
      rules: [
        rule<SourceShape>(
          "text-or-config-map",
          "must have one of text and configMap",
          (self) => (self.text === undefined) !== (self.configMap === undefined),
        ),
      ],
    },
  );
export type TextSourceSpec = Static<ReturnType<typeof textSourceSchema>>;
