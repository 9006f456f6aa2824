import { isFieldValue, isToken } from "@heddle/engine/message";
import type { RequestHead, ResponseHead } from "@heddle/engine/message";

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
