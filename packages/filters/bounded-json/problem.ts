import type { Reply } from "@heddle/engine/filter";
import { titleOf } from "../template/index.ts";

/** One thing that is wrong with a message. */
export interface FieldError {
  /** Where: "query", "path", "header", "cookie", "body". */
  readonly in: string;
  /** Of the parameter or header. */
  readonly name?: string;
  /** Into its value, as a fragment: "#/items/0/price". */
  readonly pointer?: string;
  readonly detail: string;
}

/** An answer by RFC 9457, which no cache keeps. */
export function problemReply(
  status: number,
  detail: string,
  errors: readonly FieldError[] = [],
  headers: readonly (readonly [string, string])[] = [],
): Reply {
  const problem = {
    type: "about:blank",
    title: titleOf(status),
    status,
    detail,
    ...(errors.length > 0 && { errors }),
  };
  return {
    status,
    headers: [["content-type", "application/problem+json"], ["cache-control", "no-store"], ...headers],
    body: `${JSON.stringify(problem)}\n`,
  };
}
