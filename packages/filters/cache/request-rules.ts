import type { RequestHead } from "@heddle/engine/message";

/** Methods that change nothing (RFC 9110 section 9.2.1): all others may, and what is stored of their target goes. */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT"]);

export const isSafe = (method: string): boolean => SAFE.has(method);

/**
 * Headers by which endpoints are known to answer something else than they were asked for, and which no key has: with
 * one of them a client could have an answer stored that others then get (threats 25).
 */
const STEERING: readonly string[] = [
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
  "x-forwarded-prefix",
  "x-forwarded-scheme",
  "x-forwarded-ssl",
  "x-forwarded-server",
  "x-host",
];

/** Conditions that only the endpoint can judge (RFC 9111 section 4.3.2). */
const FOR_THE_ENDPOINT: readonly string[] = ["if-match", "if-unmodified-since"];

/**
 * Whether a GET or HEAD may be answered from the store, or its answer stored. One with a body may have its answer from
 * there; Upgrade is no request for a representation.
 */
export function isCacheable({ method, upgrade, bodyLength, fields }: RequestHead): boolean {
  if ((method !== "GET" && method !== "HEAD") || upgrade !== "" || bodyLength !== 0) return false;
  for (const name of STEERING) if (fields.has(name)) return false;
  for (const name of FOR_THE_ENDPOINT) if (fields.has(name)) return false;
  return true;
}

/** They say who asks: credentials, and a client's certificate as a trusted hop tells it. */
const PERSONAL: readonly string[] = ["authorization", "x-forwarded-client-cert"];

export const saysWhoAsks = ({ fields }: RequestHead): boolean => PERSONAL.some((name) => fields.has(name));
