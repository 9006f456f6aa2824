import type { Static } from "typebox";
import { choice, integer, list, optional, set, struct, text, withDefault } from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { parseTemplate } from "../template.ts";
import { textSourceSchema } from "./text-source.ts";

const statusText = text({
  minLength: 3,
  maxLength: 7,
  pattern: "^([45][0-9][0-9](-[45][0-9][0-9])?|[45]xx)$",
  description: "a status from 400 to 599, a range such as 500-599, or 4xx or 5xx",
});

interface PageShape {
  format: string;
  content?: { text?: string };
}

const pageSchema = struct(
  {
    statuses: set(statusText, { minItems: 1, maxItems: 64 }),
    /** What is chosen by Accept; it gives the content type and how values are escaped. */
    format: choice(["HTML", "JSON", "Problem", "Text"]),
    /** Default, of Problem alone: status, reason and fault code by RFC 9457. */
    content: optional(textSourceSchema(65_536)),
    /** Answers with this status. */
    status: optional(integer({ minimum: 200, maximum: 599 })),
  },
  {
    rules: [
      rule<PageShape>(
        "page-has-content",
        "must have content; only format Problem has one of its own",
        ({ format, content }) => format === "Problem" || content !== undefined,
      ),
      {
        name: "page-values",
        message:
          "must have ${…} only around a value such as response.status, fault.code, trace.id or request.path, and $${ for the characters ${",
        offender(self) {
          const { content } = self as PageShape;
          const isGood = content?.text === undefined || typeof parseTemplate(content.text) !== "string";
          return isGood ? undefined : "content.text";
        },
      },
    ],
  },
);

export const errorPagesSchema = struct({
  /** Whose answers they take the place of: Heddle's own, those of backends, or both. */
  of: withDefault(choice(["Heddle", "Backends", "All"]), "Heddle"),
  /** Of those for a status the first whose format the client prefers; where it takes none, the first. */
  pages: list(pageSchema, { minItems: 1, maxItems: 64 }),
});
export type ErrorPagesSpec = Static<typeof errorPagesSchema>;
