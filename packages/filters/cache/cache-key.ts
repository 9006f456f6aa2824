import type { RequestHead } from "@heddle/engine/message";
import type { CacheConfig } from "./config.ts";

/** Scheme and authority, as policies, router and endpoint see them. */
export const originOf = ({ scheme, authority }: RequestHead): string => `${scheme}://${authority}`;

/**
 * What names a response, what it varies by aside (threats 25): the place, the scheme, the authority, the normal path and
 * the query with the parameters that count (`keyedQuery`), and what proxies in front say of the target
 * (`forwardedTarget`). `uri` has no space.
 */
export const cacheKey = (place: string, uri: string, forwarded: string): string =>
  forwarded === "" ? `${place} ${uri}` : `${place} ${uri} ${forwarded}`;

/**
 * The query with the parameters alone that the key has, in their order; null where one cannot be read. It is what goes
 * on to the endpoint too: no response depends on what is not in its key.
 */
export function keyedQuery(query: string, { mode, names }: CacheConfig["query"]): string | null {
  if (mode === "all" || query === "") return query === "?" ? "" : query;
  const kept: string[] = [];
  for (const part of query.slice(1).split("&")) {
    const name = parameterName(part);
    if (name === null) return null;
    if (names.includes(name) === (mode === "only")) kept.push(part);
  }
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

/** Null: it cannot be decoded, or some read another parameter in it (";" was once a separator). */
function parameterName(part: string): string | null {
  const at = part.indexOf("=");
  const raw = (at < 0 ? part : part.slice(0, at)).replaceAll("+", " ");
  if (part.includes(";")) return null;
  try {
    return decodeURIComponent(raw);
  } catch {
    return null;
  }
}
