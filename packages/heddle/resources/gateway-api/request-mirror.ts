import type { Static } from "typebox";
import { int32, optional, struct, withDefault } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { backendObjectReferenceSchema } from "./reference.ts";

const fractionSchema = struct(
  {
    denominator: withDefault(int32({ minimum: 1 }), 100),
    numerator: int32({ minimum: 0 }),
  },
  {
    rules: [
      rule<{ numerator: number; denominator: number }>(
        "fraction-at-most-one",
        "numerator must be less than or equal to denominator",
        (self) => self.numerator <= self.denominator,
      ),
    ],
  },
);

/** Sends a copy of all requests, or of a share of them, to another backend and drops its answers. */
export const requestMirrorSchema = struct(
  {
    backendRef: backendObjectReferenceSchema,
    fraction: optional(fractionSchema),
    percent: optional(int32({ minimum: 0, maximum: 100 })),
  },
  {
    rules: [
      rule<{ percent?: number; fraction?: unknown }>(
        "percent-or-fraction",
        "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter",
        (self) => self.percent === undefined || self.fraction === undefined,
      ),
    ],
  },
);
export type HTTPRequestMirrorFilter = Static<typeof requestMirrorSchema>;
