import { Fields, isFieldValue, isToken } from "./fields.ts";
import { LENGTH_UNKNOWN, type RequestHead, type ResponseHead } from "./head.ts";

/** What a request line cannot hold (RFC 9112 section 3): encoders throw for it, which nobody behind a filter expects. */
const unfit = /[^!-"$-~]/;

/** Why a request's head cannot be sent as a filter left it; null where it can. */
export function requestHeadMistake(head: RequestHead): string | null {
  const { method, scheme, authority, path, query } = head;
  if (typeof method !== "string" || !isToken(method)) return "left a method that is no token";
  if (scheme !== "http" && scheme !== "https") return "left a scheme that is neither http nor https";
  if (typeof authority !== "string" || unfit.test(authority) || /[/?@\\]/.test(authority))
    return "left an authority that is no host with a port";
  if (typeof path !== "string" || !/^[/*]/.test(path) || unfit.test(path) || path.includes("?"))
    return "left a path that is none: it begins with a slash, and all else is percent-encoded";
  if (typeof query !== "string" || (query !== "" && !query.startsWith("?")) || unfit.test(query))
    return 'left a query that is none: it is empty or begins with "?", and all else is percent-encoded';
  return null;
}

/** The same of a response's; `before` is the status that it came with. */
export function responseHeadMistake({ status, reason }: ResponseHead, before: number): string | null {
  if (!Number.isInteger(status) || status < 100 || status > 599)
    return "left a status that is not in 100–599";
  if (status !== before && (status < 200 || before < 200))
    return "made an interim response of a final one, or the other way round";
  return typeof reason === "string" && isFieldValue(reason) ? null : "left a reason with a control character";
}

/** The same of what a phase left untouched, in all that encoders read: a filter may have kept the head, and its fields. */
export function wholeRequestMistake(head: RequestHead): string | null {
  const { fields, bodyLength, upgrade, sentAuthority } = head;
  if (!isLength(bodyLength)) return "left a body length that is none";
  if (typeof upgrade !== "string" || (upgrade !== "" && !isToken(upgrade)))
    return "left an upgrade that is no token";
  if (typeof sentAuthority !== "string" || unfit.test(sentAuthority))
    return "left an authority that is no host with a port";
  return requestHeadMistake(head) ?? fieldsMistake(fields);
}

export function wholeResponseMistake(head: ResponseHead): string | null {
  if (!isLength(head.bodyLength)) return "left a body length that is none";
  return responseHeadMistake(head, head.status) ?? fieldsMistake(head.fields);
}

/** Why a list of fields is none that a message can hold. */
export function fieldsMistake(fields: Fields): string | null {
  if (!(fields instanceof Fields)) return "left no fields";
  let mistake: string | null = null;
  fields.forEach((name, value) => {
    if (typeof name !== "string" || typeof value !== "string" || !isToken(name) || !isFieldValue(value))
      mistake = "left a field that no message can hold";
  });
  return mistake;
}

const isLength = (length: unknown): boolean =>
  Number.isSafeInteger(length) && (length as number) >= LENGTH_UNKNOWN;
