import { Buffer } from "node:buffer";
import { sliceLatin1 } from "../../base/index.ts";
import { formatIpv6, parseIpv4, parseIpv6 } from "../../message/index.ts";
import { V2_FIXED_BYTES } from "./limits.ts";
import type { ProxyAddresses } from "./header.ts";
import { ADDRESS_BYTES, COMMAND, FAMILY, TRANSPORT, V2_SIGNATURE, VERSION_2 } from "./signature.ts";

export type ProxyVersion = "v1" | "v2";

/**
 * The header of a connection for that client, as latin1 text. Null, and addresses that are no IP addresses: for nobody
 * but ourselves, LOCAL, which version 1 says as UNKNOWN. Where only one of both addresses is IPv6, the other is written
 * as ::ffff: (specification section 2.1 has no mixed families).
 */
export function encodeProxyHeader(version: ProxyVersion, addresses: ProxyAddresses | null): string {
  const source = groupsOf(addresses?.sourceAddress ?? "");
  const destination = groupsOf(addresses?.destinationAddress ?? "");
  if (addresses === null || source === null || destination === null) {
    return version === "v1" ? "PROXY UNKNOWN\r\n" : encodeBinary(COMMAND.local, FAMILY.unspecified, [], []);
  }
  const ports = [addresses.sourcePort, addresses.destinationPort];
  const isIpv4 = source.length === 2 && destination.length === 2;
  const both = isIpv4 ? [source, destination] : [mapped(source), mapped(destination)];
  if (version === "v2") {
    return encodeBinary(COMMAND.proxy, isIpv4 ? FAMILY.ipv4 : FAMILY.ipv6, both.flat(), ports);
  }
  const texts = isIpv4
    ? [addresses.sourceAddress, addresses.destinationAddress]
    : both.map((groups) => formatIpv6(groups));
  return `PROXY ${isIpv4 ? "TCP4" : "TCP6"} ${[...texts, ...ports].join(" ")}\r\n`;
}

function encodeBinary(
  command: number,
  family: number,
  groups: readonly number[],
  ports: readonly number[],
): string {
  const bytes = Buffer.alloc(V2_FIXED_BYTES + ADDRESS_BYTES[family]!);
  V2_SIGNATURE.copy(bytes);
  bytes[12] = (VERSION_2 << 4) | command;
  bytes[13] = family === FAMILY.unspecified ? TRANSPORT.unspecified : (family << 4) | TRANSPORT.stream;
  bytes.writeUInt16BE(ADDRESS_BYTES[family]!, 14);
  [...groups, ...ports].forEach((value, index) => bytes.writeUInt16BE(value, V2_FIXED_BYTES + 2 * index));
  return sliceLatin1(bytes, 0, bytes.length);
}

/** 16 bits each: two of IPv4, eight of IPv6, whose zone means nothing elsewhere; null for what is no IP address. */
function groupsOf(address: string): number[] | null {
  const quad = parseIpv4(address);
  if (quad >= 0) return [quad >>> 16, quad & 0xffff];
  return parseIpv6(address.split("%", 1)[0]!);
}

function mapped(groups: readonly number[]): readonly number[] {
  return groups.length === 2 ? [0, 0, 0, 0, 0, 0xffff, ...groups] : groups;
}
