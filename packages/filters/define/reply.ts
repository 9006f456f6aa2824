import type { Reply } from "@heddle/engine/filter";

/** A text as the answer, without a cache in between keeping it. */
export function textReply(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return makeReply(status, "text/plain; charset=utf-8", text, headers);
}

/** `value` in JSON as the answer. */
export function jsonReply(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return makeReply(status, "application/json", JSON.stringify(value), headers);
}

function makeReply(status: number, type: string, body: string, own: Readonly<Record<string, string>>): Reply {
  const all = new Map([
    ["content-type", type],
    ["cache-control", "no-store"],
  ]);
  for (const [name, value] of Object.entries(own)) all.set(name.toLowerCase(), value);
  return { status, headers: [...all], body };
}
