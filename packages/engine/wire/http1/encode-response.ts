import type { ResponseHead } from "../../message/index.ts";
import { isFieldValue, NAME } from "../../message/index.ts";
import { hasContentLength } from "../content-length.ts";
import { encodeFields } from "./encode-fields.ts";
import { statusLine } from "./reasons.ts";

/** How a response's body is written: as it is, in chunks, as it is and then the connection closed, not at all. */
export type ResponseFraming = "length" | "chunked" | "close" | "none";

/**
 * The framing of a response (RFC 9112 section 6.3) to a request of that method and version (10 or 11). With "close"
 * the connection must be closed behind the body, and a body that was cut short must end in a reset.
 */
export function responseFraming(
  head: ResponseHead,
  requestMethod: string,
  requestVersion: number,
): ResponseFraming {
  const { status } = head;
  if (status < 200 || status === 204 || status === 304 || requestMethod === "HEAD") return "none";
  if (requestMethod === "CONNECT" && status < 300) return "none";
  if (head.bodyLength >= 0) return "length";
  return requestVersion >= 11 ? "chunked" : "close";
}

/**
 * A response head as latin1 text, its final CRLF included, framed as `responseFraming` says. `keepAlive`: the
 * connection will take another request; of no effect where framing or status say otherwise.
 *
 * Throws RangeError for a status or reason that no status line may have.
 */
export function encodeResponseHead(
  head: ResponseHead,
  requestMethod: string,
  requestVersion: number,
  keepAlive: boolean,
): string {
  const framing = responseFraming(head, requestMethod, requestVersion);
  const { status, fields } = head;
  let out = statusLine(status);
  if (out === "") throw new RangeError(`status ${status} is not in 100–599`);
  if (head.reason !== "") out = reasonedLine(status, head.reason);
  if (framing === "length") {
    if (hasContentLength(fields, head.bodyLength)) out += encodeFields(fields, NAME.CONTENT_LENGTH);
    else out += `${encodeFields(fields, 0)}content-length: ${head.bodyLength}\r\n`;
  } else if (framing === "chunked") {
    out += `${encodeFields(fields, 0)}transfer-encoding: chunked\r\n`;
  } else {
    out += encodeFields(fields, keptWithoutBody(status, framing, requestMethod));
  }
  if (status === 101) return `${out}connection: upgrade\r\n\r\n`;
  if (status < 200) return `${out}\r\n`;
  if (!keepAlive || framing === "close") return `${out}connection: close\r\n\r\n`;
  return requestVersion === 10 ? `${out}connection: keep-alive\r\n\r\n` : `${out}\r\n`;
}

/** The framing field that a head without a body behind it may have: what a GET would get, or where 101 leads. */
function keptWithoutBody(status: number, framing: ResponseFraming, requestMethod: string): number {
  if (status === 101) return NAME.UPGRADE;
  if (framing === "close" || status < 200 || status === 204) return 0;
  return requestMethod === "CONNECT" ? 0 : NAME.CONTENT_LENGTH;
}

function reasonedLine(status: number, reason: string): string {
  if (!isFieldValue(reason)) throw new RangeError("reason phrase has a control character");
  return `HTTP/1.1 ${status} ${reason}\r\n`;
}
