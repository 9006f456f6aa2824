import { forwardedElement } from "@heddle/engine/message";
import type { RequestHead } from "@heddle/engine/message";
import { splitList } from "./cache-control.ts";
import { originOf } from "./cache-key.ts";

/** What the proxies in front say that clients asked for. */
export interface ForwardedTarget {
  /** Part of the key; "" where it is what came here. */
  readonly key: string;
  /** Scheme and authority, as clients see them. */
  readonly origin: string;
}

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * X-Forwarded-Proto, -Host, -Port and Forwarded, of which only those of trusted hops are still here, as they are sent
 * on: a backend that makes its links and redirects of them answers each scheme and host otherwise (threats 25). What
 * Forwarded says of clients and hops is no part of it.
 */
export function forwardedTarget(request: RequestHead): ForwardedTarget {
  const { scheme, authority, fields } = request;
  const proto = fields.getList("x-forwarded-proto");
  const host = fields.getList("x-forwarded-host");
  const port = fields.getList("x-forwarded-port");
  const elements = elementsOf(request);
  const isOwn =
    (proto ?? scheme) === scheme &&
    (host ?? authority) === authority &&
    port === undefined &&
    elements === "";
  if (isOwn) return { key: "", origin: originOf(request) };
  const seenScheme = proto === "http" || proto === "https" ? proto : scheme;
  const seenHost = host !== undefined && HOST.test(host) ? host : authority;
  return { key: JSON.stringify([proto, host, port, elements]), origin: `${seenScheme}://${seenHost}` };
}

/** The hosts and schemes of Forwarded (RFC 7239); "" where each is the request's own. */
function elementsOf({ scheme, authority, fields }: RequestHead): string {
  const forwarded = fields.getList("forwarded");
  if (forwarded === undefined) return "";
  const own = targetOf(forwardedElement("", "", authority, scheme));
  const targets = splitList(forwarded).map(targetOf);
  return targets.every((target) => target === "" || target === own) ? "" : targets.join();
}

/** Host and proto of one element. */
const targetOf = (element: string): string =>
  element
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => /^(?:host|proto)=/i.test(pair))
    .toSorted()
    .join(";");
