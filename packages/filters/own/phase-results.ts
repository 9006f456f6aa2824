import type { Reply } from "@heddle/engine/filter";

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";

/** A reply of its own, each member read once: what was looked at is what is sent. Anything else as it is. */
export function readOnce(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || isThenable(value))
    return value;
  const { status, headers, body, grpcStatus, grpcPushbackMs } = value as Reply;
  return {
    status,
    headers,
    body,
    ...(grpcStatus !== undefined && { grpcStatus }),
    ...(grpcPushbackMs !== undefined && { grpcPushbackMs }),
  };
}

function isReply(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { status, headers, body, grpcStatus = 0, grpcPushbackMs = 0 } = value as Partial<Reply>;
  return (
    Number.isInteger(status) &&
    status! >= 200 &&
    status! <= 599 &&
    Array.isArray(headers) &&
    (typeof body === "string" || body instanceof Uint8Array) &&
    Number.isInteger(grpcStatus) &&
    Number.isFinite(grpcPushbackMs)
  );
}

export const isReplyOrNothing = (value: unknown): boolean => value === undefined || isReply(value);

export const isPart = (value: unknown): boolean => value === null || value instanceof Uint8Array;

export const isWholeOrNothing = (value: unknown): boolean =>
  value instanceof Uint8Array || isReplyOrNothing(value);
