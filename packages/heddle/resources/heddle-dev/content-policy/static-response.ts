import type { Static } from "typebox";
import { headerName, headerValue } from "../../gateway-api/http-header.ts";
import {
  choice,
  integer,
  keyedList,
  list,
  optional,
  set,
  struct,
  text,
  withDefault,
} from "../../schema/build.ts";
import { rule } from "../../schema/rule.ts";
import { freeHeaderRule } from "./free-header.ts";
import { textSourceSchema } from "./text-source.ts";

const pathSchema = struct({
  type: withDefault(choice(["Exact", "PathPrefix"]), "Exact"),
  value: text({
    minLength: 1,
    maxLength: 1024,
    pattern: "^/[!-~]*$",
    description: "a path that begins with /",
  }),
});

/** All of what is said must hold; of one list, one of it. */
const matchSchema = struct({
  paths: optional(list(pathSchema, { minItems: 1, maxItems: 64 })),
  methods: optional(
    set(text({ minLength: 1, maxLength: 32, pattern: "^[A-Z]+$" }), { minItems: 1, maxItems: 16 }),
  ),
  headers: optional(
    keyedList(["name"], struct({ name: headerName, value: headerValue }), { minItems: 1, maxItems: 16 }),
  ),
});

const bodySchema = struct({
  contentType: withDefault(headerValue, "text/plain; charset=utf-8"),
  content: textSourceSchema(65_536),
});

const answerSchema = struct({
  /** Default: every request. */
  match: optional(matchSchema),
  status: withDefault(integer({ minimum: 200, maximum: 599 }), 200),
  headers: optional(
    keyedList(["name"], struct({ name: headerName, value: headerValue }), {
      maxItems: 32,
      rules: [freeHeaderRule],
    }),
  ),
  body: optional(bodySchema),
});

interface AnswerShape {
  status: number;
  body?: unknown;
}

export const staticResponseSchema = struct({
  /** The first that matches answers; where none does the request goes on. */
  responses: list(answerSchema, {
    minItems: 1,
    maxItems: 64,
    rules: [
      {
        ...rule("body-of-status", "must have no body with status 204, 205 or 304", () => true),
        offender(self) {
          const at = (self as AnswerShape[]).findIndex(
            ({ status, body }) => (status === 204 || status === 205 || status === 304) && body !== undefined,
          );
          return at < 0 ? undefined : `[${at}].body`;
        },
      },
    ],
  }),
  /** Who gets them: those whom policies let through, or everybody, before anybody is asked who they are. */
  audience: withDefault(choice(["Allowed", "Everybody"]), "Allowed"),
});
export type StaticResponseSpec = Static<typeof staticResponseSchema>;
