/** How much of a query is logged: nothing, or all but the values that are named like secrets. */
export type QueryLogging = "none" | "redacted";

/**
 * Whether a parameter's name says that its value is a secret: keys, tokens, passwords, signatures, the code and
 * state of OAuth. Too many rather than too few: a log is read by more people than the request was meant for.
 */
const SECRET_NAME =
  /token|secret|passw|pwd|key|auth|sig|credential|session|jwt|assertion|otp|^(code|state|sid|pin)$/i;

/** A query ("?a=1&token=x", or "") with the values of parameters that are named like secrets replaced by "***". */
export function redactQuery(query: string): string {
  if (query.length < 2) return query;
  const parts = query.slice(1).split("&");
  return `?${parts.map(redactPart).join("&")}`;
}

function redactPart(part: string): string {
  const equals = part.indexOf("=");
  if (equals < 0) return part;
  return SECRET_NAME.test(decodeName(part.slice(0, equals))) ? `${part.slice(0, equals)}=***` : part;
}

/** "%74oken" is a token too. */
function decodeName(name: string): string {
  return name.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** A referer's query holds secrets as often as one's own, and its user information always. */
export function loggedReferer(text: string, query: QueryLogging): string {
  const referer = text.includes("@") ? text.replace(/^([a-z]+:\/\/)[^/?#]*@/i, "$1") : text;
  const mark = referer.indexOf("?");
  if (mark < 0) return referer;
  return query === "none"
    ? referer.slice(0, mark)
    : referer.slice(0, mark) + redactQuery(referer.slice(mark));
}
