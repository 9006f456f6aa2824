/**
 * The `grpc-retry-pushback-ms` field of a failed call (gRFC A6): how long its client shall wait before it tries again.
 * A decimal int32; a negative one, and what cannot be read, asks not to try again.
 */
export const NO_RETRY = -1;

const MAX_INT32 = 2 ** 31 - 1;

/** Milliseconds, or NO_RETRY; null without the field. */
export function parseGrpcPushback(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (text === "" || text.length > 10) return NO_RETRY;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return NO_RETRY;
    value = value * 10 + digit;
  }
  return value <= MAX_INT32 ? value : NO_RETRY;
}
