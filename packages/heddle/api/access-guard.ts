import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "./api-address.ts";

/** Why a request is not answered; the message goes to whoever sent it. */
export interface AccessRefusal {
  readonly code: 401 | 403 | 421;
  readonly reason: "Unauthorized" | "Forbidden";
  readonly message: string;
}

/**
 * The rules for every request, reads included (threats 32, 34). A page of some web site that a browser on this machine
 * shows must not read the configuration, neither under its own name that it points at 127.0.0.1 (DNS rebinding: the
 * Host is the site's) nor across origins (the Origin or Sec-Fetch-Site says so).
 */
export function checkAccess(headers: IncomingHttpHeaders, boundHost: string): AccessRefusal | null {
  const host = headers.host ?? "";
  if (!isOwnHost(host, boundHost)) {
    const message = `host ${JSON.stringify(host.slice(0, 100))} is not this API's; ask for localhost or ${boundHost}`;
    return { code: 421, reason: "Forbidden", message };
  }
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    return { code: 403, reason: "Forbidden", message: "requests of pages from another origin are refused" };
  }
  const site = headers["sec-fetch-site"];
  const isNavigation = headers["sec-fetch-mode"] === "navigate";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !isNavigation) {
    return { code: 403, reason: "Forbidden", message: "requests of pages from another site are refused" };
  }
  return null;
}

/** Any port: it may be forwarded (ssh -L), and a name that is safe is so on every port. */
function isOwnHost(host: string, boundHost: string): boolean {
  const name = /^(?<name>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host)?.groups?.["name"];
  if (name === undefined) return false;
  const bare = name.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return isLoopback(bare) || bare === boundHost.toLowerCase();
}

/** Whether the request carries the token. Takes the same time for every wrong one. */
export function hasToken(headers: IncomingHttpHeaders, token: string): boolean {
  const given = /^Bearer (?<token>[\w~+/.-]+=*)$/i.exec(headers.authorization ?? "")?.groups?.["token"];
  if (given === undefined) return false;
  const digest = (text: string) => hash("sha256", text, "buffer");
  return timingSafeEqual(digest(given), digest(token));
}

export const tokenNeeded: AccessRefusal = {
  code: 401,
  reason: "Unauthorized",
  message: 'Secrets need the token of the state folder: curl -H "authorization: Bearer $(cat STATE/token)"',
};
