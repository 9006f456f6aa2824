import type { ResponseHead } from "../../message/index.ts";
import { hasContentLength } from "../content-length.ts";
import type { HpackEncoder } from "./hpack/encoder.ts";
import { indexedField } from "./hpack/integers.ts";

/** `:status` as indexed fields of the static table (RFC 7541 appendix A). */
const STATUSES: ReadonlyMap<number, string> = new Map([
  [200, indexedField(8)],
  [204, indexedField(9)],
  [206, indexedField(10)],
  [304, indexedField(11)],
  [400, indexedField(12)],
  [404, indexedField(13)],
  [500, indexedField(14)],
]);

/** Nothing but the head: responses that have no body whatever their fields say (RFC 9110 section 6.4.1). */
export function isBodiless(status: number, requestMethod: string): boolean {
  return status < 200 || status === 204 || status === 304 || requestMethod === "HEAD";
}

/**
 * A response's header block, as latin1 text (RFC 9113 section 8.3.2). `status` is the head's, or 200 for the 101 of a
 * tunnel. Content-length goes out where it is the body's, or would be that of a GET.
 *
 * Throws RangeError for a status that no response may have, before anything has changed in the encoder.
 */
export function encodeResponseHead(
  encoder: HpackEncoder,
  head: ResponseHead,
  status: number,
  requestMethod: string,
): string {
  if (!Number.isInteger(status) || status < 100 || status > 599 || status === 101) {
    throw new RangeError(`status ${status} is none of HTTP/2`);
  }
  const { fields, bodyLength } = head;
  let out = encoder.begin() + (STATUSES.get(status) ?? encoder.field(":status", String(status)));
  if (isBodiless(status, requestMethod)) {
    const keepsLength = status !== 204 && status >= 200;
    return out + encoder.fields(fields, keepsLength);
  }
  if (bodyLength < 0 || requestMethod === "CONNECT") return out + encoder.fields(fields, false);
  if (hasContentLength(fields, bodyLength)) return out + encoder.fields(fields, true);
  out += encoder.fields(fields, false);
  return bodyLength === 0 ? out : out + encoder.field("content-length", String(bodyLength));
}
