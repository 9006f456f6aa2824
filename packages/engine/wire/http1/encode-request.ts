import type { RequestHead } from "../../message/index.ts";
import { isToken, LENGTH_UNKNOWN, NAME } from "../../message/index.ts";
import { hasContentLength } from "../content-length.ts";
import { hostField } from "../host-field.ts";
import { encodeFields } from "./encode-fields.ts";

/**
 * A request head as latin1 text, its final CRLF included. Framing is written from the head's members: chunked when
 * the length is unknown, else the content-length that the fields hold, or one that is right. Expect is the proxy's
 * own business and goes out only with `forwardExpect`.
 *
 * Throws RangeError for a method, authority or target that would break the request line: whoever rewrites them
 * checks first, this is the last line (threat 11).
 */
export function encodeRequestHead(head: RequestHead, forwardExpect: boolean = false): string {
  const { method, authority, bodyLength, fields } = head;
  const isConnect = method === "CONNECT";
  // Piece by piece: a joined target would have to be flattened to be looked at.
  if (!isKnownMethod(method) || !isVisible(authority, lastAuthority) || !hasVisibleTarget(head)) {
    throw new RangeError("request line would hold an octet that it must not");
  }
  lastMethod = method;
  lastAuthority = authority;
  if (isConnect ? authority === "" : head.path === "") throw new RangeError("request target is empty");
  let out = isConnect ? `CONNECT ${authority}` : `${method} ${head.path}${head.query}`;
  out += ` HTTP/1.1\r\nhost: ${hostField(head)}\r\n`;
  if (bodyLength === LENGTH_UNKNOWN) {
    out += `${encodeFields(fields, 0)}transfer-encoding: chunked\r\n`;
  } else if (hasContentLength(fields, bodyLength)) {
    out += encodeFields(fields, NAME.CONTENT_LENGTH);
  } else {
    out += encodeFields(fields, 0);
    if (bodyLength > 0) out += `content-length: ${bodyLength}\r\n`;
  }
  if (head.upgrade !== "") {
    const options = head.acceptsTrailers ? "upgrade, te" : "upgrade";
    out += `connection: ${options}\r\nupgrade: ${head.upgrade}\r\n`;
  } else if (head.acceptsTrailers) {
    out += "connection: te\r\n";
  }
  if (head.acceptsTrailers) out += "te: trailers\r\n";
  if (forwardExpect && head.expectsContinue) out += "expect: 100-continue\r\n";
  return `${out}\r\n`;
}

/** What may not stand in a target. A compiled pattern: the strings are slices, slow to index (bench/micro/http1.ts). */
const UNFIT = /[^!-"$-~]/;

/** Upstream after upstream gets the method and the authority that were checked before. */
let lastMethod = "GET";
let lastAuthority = "";

function isKnownMethod(method: string): boolean {
  return method === lastMethod || isToken(method);
}

function hasVisibleTarget(head: RequestHead): boolean {
  return isVisible(head.path, head.checkedPath) && isVisible(head.query, head.checkedQuery);
}

/** `checked` is one that is known to be. */
function isVisible(text: string, checked: string): boolean {
  return text === checked || text === "" || !UNFIT.test(text);
}
