import type { Fields } from "../message/index.ts";
import { NAME, SPAN } from "../message/index.ts";
import { LAST_FRAMING_ID } from "./framing-names.ts";

/**
 * What may be passed on of a trailer section (RFC 9110 section 6.5.1): null for nothing, "refused" when a field in it
 * would frame the message. Fields that route, authenticate, or say how to read the content are removed: whoever has
 * read the head has decided without them.
 */
export function keepTrailers(fields: Fields): Fields | null | "refused" {
  const { spans, text } = fields;
  let kept = 0;
  for (let at = 0; at < spans.length; at += SPAN) {
    const id = spans[at];
    if (id === NAME.CONTENT_LENGTH || id === NAME.TRANSFER_ENCODING || id === NAME.HOST) return "refused";
    const isRemoved =
      id > 0
        ? id <= LAST_FRAMING_ID || !KNOWN_TRAILERS.has(id)
        : HEAD_ONLY.has(text.slice(spans[at + 1], spans[at + 2]).toLowerCase());
    if (isRemoved) spans[at] = -1;
    else kept++;
  }
  return kept === 0 ? null : fields;
}

/** Of the names that the request path looks at, those that mean nothing to it in a trailer. */
const KNOWN_TRAILERS: ReadonlySet<number> = new Set([NAME.DATE, NAME.SERVER, NAME.X_REQUEST_ID]);

const HEAD_ONLY: ReadonlySet<string> = new Set([
  "age",
  "cache-control",
  "content-encoding",
  "content-range",
  "expires",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "max-forwards",
  "pragma",
  "proxy-authentication-info",
  "range",
  "retry-after",
  "vary",
  "warning",
  "www-authenticate",
]);
