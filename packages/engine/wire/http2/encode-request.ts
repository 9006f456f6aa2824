import type { RequestHead } from "../../message/index.ts";
import { isToken } from "../../message/index.ts";
import { hasContentLength } from "../content-length.ts";
import { hostField } from "../host-field.ts";
import type { HpackEncoder } from "./hpack/encoder.ts";
import { indexedField } from "./hpack/integers.ts";

const GET = indexedField(2);
const POST = indexedField(3);
const ROOT = indexedField(4);
const HTTP = indexedField(6);
const HTTPS = indexedField(7);

/**
 * A request's header block, as latin1 text (RFC 9113 section 8.3.1). A head with `upgrade` becomes an extended CONNECT
 * (RFC 8441 section 4). Expect is the proxy's own business and goes out only with `forwardExpect`.
 *
 * Throws RangeError for a method, authority or target that no request may have, before anything has changed in the
 * encoder: whoever rewrites them checks first, this is the last line (threat 11).
 */
export function encodeRequestHead(
  encoder: HpackEncoder,
  head: RequestHead,
  forwardExpect: boolean = false,
): string {
  const { method, authority, path, query, fields, bodyLength, upgrade } = head;
  if (!isToken(method) || !isVisible(authority) || !isVisible(path) || !isVisible(query)) {
    throw new RangeError("pseudo-header field would hold an octet that it must not");
  }
  const isTunnel = method === "CONNECT" || upgrade !== "";
  const isPlainTunnel = isTunnel && upgrade === "";
  if (isPlainTunnel ? authority === "" : path === "") throw new RangeError("request target is empty");
  const sensitive = fields.sensitiveNames ?? NONE;
  let out = encoder.begin();
  if (isTunnel) out += encoder.field(":method", "CONNECT");
  else out += method === "GET" ? GET : method === "POST" ? POST : encoder.field(":method", method);
  if (upgrade !== "") out += encoder.field(":protocol", upgrade);
  if (!isPlainTunnel) {
    out += head.scheme === "https" ? HTTPS : HTTP;
    out +=
      path === "/" && query === "" ? ROOT : encoder.field(":path", path + query, sensitive.includes(":path"));
  }
  if (authority !== "") out += encoder.field(":authority", hostField(head), sensitive.includes(":authority"));
  if (bodyLength > 0 && !hasContentLength(fields, bodyLength)) {
    out += encoder.fields(fields, false) + encoder.field("content-length", String(bodyLength));
  } else {
    out += encoder.fields(fields, bodyLength >= 0 && !isTunnel);
  }
  if (head.acceptsTrailers) out += encoder.field("te", "trailers");
  if (forwardExpect && head.expectsContinue) out += encoder.field("expect", "100-continue");
  return out;
}

const NONE: readonly string[] = [];

/** What may not stand in a target. */
const UNFIT = /[^!-"$-~]/;

/** Upstream after upstream gets the authority that was checked before. */
let lastVisible = "";

function isVisible(text: string): boolean {
  if (text === "" || text === lastVisible) return true;
  if (UNFIT.test(text)) return false;
  lastVisible = text;
  return true;
}
