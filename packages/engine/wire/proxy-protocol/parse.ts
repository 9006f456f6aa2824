import { sliceLatin1 } from "../../base/index.ts";
import { parseIpv4, parseIpv6 } from "../../message/index.ts";
import { CR, LF } from "../octets.ts";
import type { HeaderMistake } from "./errors.ts";
import { plainIpv6 } from "./header.ts";
import type { ProxyHeader } from "./header.ts";
import { MAX_V1_BYTES } from "./limits.ts";
import { parseBinaryHeader } from "./parse-binary.ts";
import { V1_SIGNATURE, V2_SIGNATURE } from "./signature.ts";

/**
 * Reads the header at the beginning of bytes[0, length). "partial": it is one so far, and more octets are needed. A
 * mistake is told by the first octet that shows it.
 */
export function parseProxyHeader(bytes: Uint8Array, length: number): ProxyHeader | "partial" | HeaderMistake {
  if (length === 0) return "partial";
  const isText = bytes[0] === V1_SIGNATURE[0];
  const signature = isText ? V1_SIGNATURE : V2_SIGNATURE;
  const size = Math.min(length, signature.length);
  for (let at = 0; at < size; at++) if (bytes[at] !== signature[at]) return "signature";
  if (length < signature.length) return "partial";
  return isText ? parseLine(bytes, length) : parseBinaryHeader(bytes, length);
}

/** Section 2.1: one line, its words divided by single spaces. */
function parseLine(bytes: Uint8Array, length: number): ProxyHeader | "partial" | HeaderMistake {
  const size = Math.min(length, MAX_V1_BYTES);
  let end = V1_SIGNATURE.length;
  while (end < size && bytes[end] !== CR && bytes[end] !== LF) end++;
  // CR and LF would have no room.
  if (end >= MAX_V1_BYTES - 1) return "line-too-long";
  if (end === size || (end + 1 === length && bytes[end] === CR)) return "partial";
  if (bytes[end] !== CR || bytes[end + 1] !== LF) return "line";
  const words = sliceLatin1(bytes, V1_SIGNATURE.length, end).split(" ");
  const header = { length: end + 2, version: 1 as const };
  // What an UNKNOWN line says besides is to be ignored.
  if (words[0] === "UNKNOWN") return { ...header, addresses: null };
  if (words.length !== 5) return "line";
  const isIpv6 = words[0] === "TCP6";
  if (!isIpv6 && words[0] !== "TCP4") return "line";
  const sourceAddress = addressOf(words[1]!, isIpv6);
  const destinationAddress = addressOf(words[2]!, isIpv6);
  if (sourceAddress === "" || destinationAddress === "") return "address";
  const [sourcePort, destinationPort] = [portOf(words[3]!), portOf(words[4]!)];
  if (sourcePort < 0 || destinationPort < 0) return "port";
  return { ...header, addresses: { sourceAddress, sourcePort, destinationAddress, destinationPort } };
}

/** "" for what is no address of that family. */
function addressOf(word: string, isIpv6: boolean): string {
  if (!isIpv6) return parseIpv4(word) < 0 ? "" : word;
  const groups = parseIpv6(word);
  return groups === null ? "" : plainIpv6(groups);
}

/** Decimal, without leading zeroes; -1 for anything else. */
function portOf(word: string): number {
  const port = /^(0|[1-9]\d{0,4})$/.test(word) ? Number(word) : -1;
  return port <= 65_535 ? port : -1;
}
