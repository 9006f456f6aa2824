import { createHash } from "node:crypto";
import { headerLines } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import type { CacheKeyPart } from "./config.ts";

/**
 * A digest of what the verdict depends on. Every value of a repeated header counts, and none runs into the next: two
 * requests have one key only where all parts are the same (threats 14, 25).
 */
export function cacheKeyOf(exchange: Exchange, key: readonly CacheKeyPart[]): string {
  return createHash("sha256")
    .update(JSON.stringify(key.map((part) => valueOf(exchange, part))))
    .digest("base64");
}

function valueOf(exchange: Exchange, key: CacheKeyPart): unknown {
  const { request, principal } = exchange;
  switch (key.part) {
    case "method":
      return request.method;
    case "host":
      return request.authority;
    case "path":
      return request.path;
    case "query":
      return request.query;
    case "client-address":
      return exchange.clientAddress;
    case "principal":
      return principal === null ? null : [principal.method, principal.issuer, principal.subject];
    case "header":
      return headerLines(request, key.name);
  }
}
