import type { Fields } from "@heddle/engine/message";
import { redactQuery } from "@heddle/engine/observe";
import { decodePart } from "../template/index.ts";
import type { RecorderConfig } from "./config.ts";

const HIDDEN = "***";

/** Headers that hold credentials by their name: too many rather than too few. */
const secretHeader =
  /^(cookie|set-cookie|authentication-info)$|(^|-)(api-?key|auth\w*|credentials?|jwt|key|passw\w*|secret|session|signature|sid|token)(-|$)/;

/** Headers that are URLs, whose queries are as secret as a request's. */
const urlHeaders = new Set(["content-location", "location", "referer"]);

type Redaction = Pick<RecorderConfig, "redactHeaders" | "redactParameters">;

/** Pairs as they are recorded. */
export function redactedHeaders(fields: Fields, redaction: Redaction): [string, string][] {
  return fields.toPairs().map(([name, value]) => {
    if (secretHeader.test(name) || redaction.redactHeaders.includes(name)) return [name, HIDDEN];
    return [name, urlHeaders.has(name) ? redactedUrl(value, redaction) : value];
  });
}

/** A query ("?a=1", or "") as it is recorded. A name that cannot be read has a value that is not shown. */
export function redactedQuery(query: string, { redactParameters }: Redaction): string {
  if (query.length < 2) return query;
  const parts = query.slice(1).split("&");
  const shown = parts.map((part) => {
    const equals = part.indexOf("=");
    if (equals < 0) return part;
    const name = decodePart(part.slice(0, equals));
    const isHidden = name === null || redactParameters.includes(name);
    return isHidden ? `${part.slice(0, equals)}=${HIDDEN}` : part;
  });
  return redactQuery(`?${shown.join("&")}`);
}

/** Without user information, and without a fragment, which may be a token. */
function redactedUrl(text: string, redaction: Redaction): string {
  const url = text.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, "$1//").replace(/#.*$/s, "");
  const mark = url.indexOf("?");
  return mark < 0 ? url : url.slice(0, mark) + redactedQuery(url.slice(mark), redaction);
}
