import type { Reply } from "@heddle/engine/filter";

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";

function isReply(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { status, headers, body } = value as Partial<Reply>;
  return (
    Number.isInteger(status) &&
    status! >= 200 &&
    status! <= 599 &&
    Array.isArray(headers) &&
    (typeof body === "string" || body instanceof Uint8Array)
  );
}

export const isReplyOrNothing = (value: unknown): boolean => value === undefined || isReply(value);

export const isPart = (value: unknown): boolean => value === null || value instanceof Uint8Array;

export const isWholeOrNothing = (value: unknown): boolean =>
  value instanceof Uint8Array || isReplyOrNothing(value);
