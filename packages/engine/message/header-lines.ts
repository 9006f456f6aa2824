import { hostOf } from "./head.ts";
import type { RequestHead } from "./head.ts";

/**
 * What a request has of a header, a value for each line, for whoever is given a header's name by a user. Headers that
 * frame the message or the connection are typed members of a head and no fields, whichever protocol it came by; those
 * that say something are told from there, so that `Host` is :authority too. `name` is in lower case.
 */
export function headerLines(head: RequestHead, name: string): readonly string[] {
  return typedLines(head, name) ?? head.fields.getAll(name);
}

/**
 * Whether one of the lines is that value: a second one must not hide behind the first. Hosts have no case, and a value
 * may have the port or not.
 */
export function hasHeaderLine(head: RequestHead, name: string, value: string): boolean {
  if (name !== "host") return headerLines(head, name).includes(value);
  const host = value.toLowerCase();
  return head.authority === host || hostOf(head.authority) === host;
}

/** Null: a field as any other. */
export function typedLines(head: RequestHead, name: string): readonly string[] | null {
  switch (name) {
    case "host":
      return head.authority === "" ? NONE : [head.authority];
    case "upgrade":
      return head.upgrade === "" ? NONE : [head.upgrade];
    case "expect":
      return head.expectsContinue ? CONTINUE : NONE;
    case "te":
      return head.acceptsTrailers ? TRAILERS : NONE;
    default:
      return null;
  }
}

const NONE: readonly string[] = [];
const CONTINUE: readonly string[] = ["100-continue"];
const TRAILERS: readonly string[] = ["trailers"];
