import type { Static } from "typebox";
import { headerName } from "../../gateway-api/http-header.ts";
import {
  choice,
  integer,
  keyedList,
  list,
  optional,
  refine,
  set,
  struct,
  text,
  withDefault,
} from "../../schema/build.ts";
import { everyItem, rule } from "../../schema/rule.ts";
import { templateText } from "../template.ts";
import { freeHeaderRule, isTakenHeader } from "./free-header.ts";

const FREE = "must not be a header that frames or routes the message";

/** One line of a head; what values put in is checked when it is written. */
const lineTemplate = refine(templateText(4096), {
  minLength: 1,
  pattern: "^[ -~]*$",
  description: "visible ASCII characters and spaces, with ${…} around values",
});

const headerEdits = struct({
  rename: optional(
    keyedList(["from"], struct({ from: headerName, to: headerName }), {
      maxItems: 32,
      rules: [
        everyItem<{ from: string; to: string }>(
          "header-free",
          FREE,
          ({ from, to }) => !isTakenHeader(from) && !isTakenHeader(to),
        ),
      ],
    }),
  ),
  set: optional(
    keyedList(["name"], struct({ name: headerName, value: lineTemplate }), {
      maxItems: 64,
      rules: [freeHeaderRule],
    }),
  ),
  add: optional(
    keyedList(["name"], struct({ name: headerName, value: lineTemplate }), {
      maxItems: 64,
      rules: [freeHeaderRule],
    }),
  ),
  remove: optional(
    set(headerName, {
      maxItems: 64,
      rules: [everyItem<string>("header-free", FREE, (name) => !isTakenHeader(name))],
    }),
  ),
});

const parameterName = text({ minLength: 1, maxLength: 256 });

const queryEdits = struct({
  rename: optional(keyedList(["from"], struct({ from: parameterName, to: parameterName }), { maxItems: 32 })),
  set: optional(
    keyedList(["name"], struct({ name: parameterName, value: templateText(4096) }), { maxItems: 64 }),
  ),
  add: optional(
    keyedList(["name"], struct({ name: parameterName, value: templateText(4096) }), { maxItems: 64 }),
  ),
  remove: optional(set(parameterName, { maxItems: 64 })),
});

const pointer = text({
  maxLength: 1024,
  pattern: "^(/([^~/]|~[01])*)*$",
  description: "a JSON Pointer (RFC 6901) such as /user/id",
  rules: [
    rule<string>("no-prototype", "must not have the name __proto__", (self) =>
      self.split("/").every((name) => name !== "__proto__"),
    ),
  ],
});

const memberPointer = refine(pointer, { minLength: 1 });

interface SetShape {
  value?: unknown;
  json?: unknown;
}

const jsonEdits = struct({
  rename: optional(
    list(
      struct({
        from: memberPointer,
        to: text({
          maxLength: 256,
          rules: [rule<string>("no-prototype", "must not be __proto__", (self) => self !== "__proto__")],
        }),
      }),
      { maxItems: 64 },
    ),
  ),
  set: optional(
    list(
      struct(
        {
          pointer,
          /** A string, with values in it. */
          value: optional(templateText(4096)),
          /** Any JSON, as text. */
          json: optional(text({ minLength: 1, maxLength: 16_384 })),
        },
        {
          rules: [
            rule<SetShape>(
              "value-or-json",
              "must have one of value and json",
              (self) => (self.value === undefined) !== (self.json === undefined),
            ),
          ],
        },
      ),
      { maxItems: 64 },
    ),
  ),
  remove: optional(set(memberPointer, { maxItems: 64 })),
});

const ruleSchema = struct(
  {
    /** Default: any. */
    methods: optional(
      set(text({ minLength: 1, maxLength: 32, pattern: "^[A-Z]+$" }), { minItems: 1, maxItems: 16 }),
    ),
    /** Default: any. */
    path: optional(
      text({
        minLength: 1,
        maxLength: 1024,
        pattern: '^((/([!"$-)+-.0->@-z|~]+|\\{[A-Za-z_][A-Za-z0-9_]*\\})?)+(/\\*\\*)?|/\\*\\*)$',
        description: "a path such as /users/{id}, whole segments in braces; /** at its end for all below",
      }),
    ),
    request: optional(
      struct({
        headers: optional(headerEdits),
        query: optional(queryEdits),
        path: optional(
          refine(templateText(4096), {
            pattern: "^/[!-~]*$",
            description: "a path that begins with /, without a query",
          }),
        ),
        method: optional(choice(["GET", "POST", "PUT", "PATCH", "DELETE"])),
        json: optional(jsonEdits),
      }),
    ),
    response: optional(
      struct({
        status: optional(
          integer({
            minimum: 200,
            maximum: 599,
            rules: [
              rule<number>(
                "status-with-body",
                "must not be 204, 205, 206 or 304, which say that there is no whole body",
                (status) => ![204, 205, 206, 304].includes(status),
              ),
            ],
          }),
        ),
        headers: optional(headerEdits),
        json: optional(jsonEdits),
      }),
    ),
  },
  {
    rules: [
      rule<{ request?: unknown; response?: unknown }>(
        "request-or-response",
        "must have request or response",
        (self) => self.request !== undefined || self.response !== undefined,
      ),
    ],
  },
);

export const transformSchema = struct({
  /** Each that matches acts, in their order. */
  rules: list(ruleSchema, { minItems: 1, maxItems: 64 }),
  /** Of a body whose JSON is edited. */
  maxBodyBytes: withDefault(integer({ minimum: 1, maximum: 67_108_864 }), 1_048_576),
  maxDepth: withDefault(integer({ minimum: 1, maximum: 1_000 }), 64),
});
export type TransformSpec = Static<typeof transformSchema>;
