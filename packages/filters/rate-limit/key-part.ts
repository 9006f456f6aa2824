import {
  formatIpv4,
  formatIpv6,
  headerLines,
  hostOf,
  mappedIpv4,
  parseIpv4,
  parseIpv6,
  readCookie,
} from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import { claimAt, claimText } from "../claim-path/index.ts";
import type { KeyPart } from "./config.ts";

/** What an exchange has for a part of a key; undefined where it has none, or several of which nobody knows the right one. */
export function readKeyPart(part: KeyPart, exchange: Exchange): string | undefined {
  const { request, principal } = exchange;
  switch (part.from) {
    case "subject":
      return principal === null ? undefined : filled(principal.subject);
    case "issuer":
      return principal === null ? undefined : filled(principal.issuer);
    case "claim":
      return principal === null ? undefined : filled(claimText(claimAt(principal.claims, part.path)));
    case "header":
      return onlyOne(headerLines(request, part.name));
    case "cookie":
      return filled(readCookie(request, part.name));
    case "query":
      return onlyOne(readQuery(request.query, part.name));
    case "client-address":
      return networkOf(exchange.clientAddress, part.ipv4Bits, part.ipv6Bits);
    case "method":
      return request.method;
    case "host":
      return filled(hostOf(exchange.originalAuthority));
    case "path":
      return exchange.originalPath;
    case "route":
      return `${exchange.match.route}/${exchange.match.rule}`;
    case "constant":
      return part.value;
  }
}

const filled = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

const onlyOne = (values: readonly string[]): string | undefined =>
  values.length === 1 ? filled(values[0]) : undefined;

function readQuery(query: string, name: string): string[] {
  const values: string[] = [];
  if (query.length < 2) return values;
  for (const pair of query.slice(1).split("&")) {
    const at = pair.indexOf("=");
    if (decoded(at < 0 ? pair : pair.slice(0, at)) === name)
      values.push(at < 0 ? "" : decoded(pair.slice(at + 1)));
  }
  return values;
}

/** Form encoding; what is not well-formed stays as it is. */
function decoded(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** The network of an address, in one spelling; undefined for what is no address. */
function networkOf(address: string, ipv4Bits: number, ipv6Bits: number): string | undefined {
  const quad = parseIpv4(address);
  // Most addresses by far, and they have one spelling.
  if (quad >= 0) return ipv4Bits === 32 ? address : ipv4Network(quad, ipv4Bits);
  const groups = parseIpv6(address);
  if (groups === null) return undefined;
  const mapped = mappedIpv4(groups);
  if (mapped >= 0) return ipv4Network(mapped, ipv4Bits);
  for (let at = 0; at < 8; at++) {
    const bits = Math.min(16, Math.max(0, ipv6Bits - at * 16));
    groups[at] &= 0xffff << (16 - bits);
  }
  return formatIpv6(groups);
}

const ipv4Network = (quad: number, bits: number): string => formatIpv4(quad - (quad % 2 ** (32 - bits)));
