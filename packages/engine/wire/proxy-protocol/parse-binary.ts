import { formatIpv4 } from "../../message/index.ts";
import { crc32c } from "./crc32c.ts";
import type { HeaderMistake } from "./errors.ts";
import { MAX_V2_PAYLOAD_BYTES, V2_FIXED_BYTES } from "./limits.ts";
import { plainIpv6 } from "./header.ts";
import type { ProxyAddresses, ProxyHeader } from "./header.ts";
import { ADDRESS_BYTES, COMMAND, FAMILY, TRANSPORT, VERSION_2 } from "./signature.ts";

/** Section 2.2.3. */
const TLV_CRC32C = 0x03;
const TLV_HEAD_BYTES = 3;

/**
 * Section 2.2, behind the signature, which is there.
 *
 *   12           13              14         16        16 + length
 *   │ version·command │ family·transport │ length │ addresses, TLVs │ the connection's own octets
 */
export function parseBinaryHeader(
  bytes: Uint8Array,
  length: number,
): ProxyHeader | "partial" | HeaderMistake {
  if (length < 13) return "partial";
  const command = bytes[12]! & 15;
  if (bytes[12]! >> 4 !== VERSION_2) return "version";
  if (command > COMMAND.proxy) return "command";
  if (length < 14) return "partial";
  const [family, transport] = [bytes[13]! >> 4, bytes[13]! & 15];
  // Of LOCAL the family and all that depends on it is to be discarded.
  const isLocal = command === COMMAND.local;
  if (!isLocal && (family > FAMILY.unix || transport > TRANSPORT.datagram)) return "family";
  if (length < V2_FIXED_BYTES) return "partial";
  const payloadBytes = (bytes[14]! << 8) | bytes[15]!;
  if (payloadBytes > MAX_V2_PAYLOAD_BYTES) return "too-long";
  if (!isLocal && payloadBytes < ADDRESS_BYTES[family]!) return "too-short";
  const end = V2_FIXED_BYTES + payloadBytes;
  if (length < end) return "partial";
  const header = { length: end, version: 2 as const };
  if (isLocal || family === FAMILY.unspecified) return { ...header, addresses: null };
  const mistake = checkTlvs(bytes, V2_FIXED_BYTES + ADDRESS_BYTES[family]!, end);
  if (mistake !== null) return mistake;
  if (family === FAMILY.unix || transport === TRANSPORT.unspecified) return { ...header, addresses: null };
  return { ...header, addresses: family === FAMILY.ipv4 ? readIpv4(bytes) : readIpv6(bytes) };
}

/** They fill what is left exactly; only a checksum means something here, and there is one at most. */
function checkTlvs(bytes: Uint8Array, start: number, end: number): HeaderMistake | null {
  let hasChecksum = false;
  for (let at = start; at < end;) {
    if (end - at < TLV_HEAD_BYTES) return "tlv";
    const size = (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const value = at + TLV_HEAD_BYTES;
    if (size > end - value) return "tlv";
    if (bytes[at] === TLV_CRC32C) {
      if (size !== 4 || hasChecksum) return "tlv";
      hasChecksum = true;
      if (readUint32(bytes, value) !== crc32c(bytes, end, value, value + 4)) return "checksum";
    }
    at = value + size;
  }
  return null;
}

function readIpv4(bytes: Uint8Array): ProxyAddresses {
  return {
    sourceAddress: formatIpv4(readUint32(bytes, 16)),
    sourcePort: readUint16(bytes, 24),
    destinationAddress: formatIpv4(readUint32(bytes, 20)),
    destinationPort: readUint16(bytes, 26),
  };
}

function readIpv6(bytes: Uint8Array): ProxyAddresses {
  return {
    sourceAddress: plainIpv6(readGroups(bytes, 16)),
    sourcePort: readUint16(bytes, 48),
    destinationAddress: plainIpv6(readGroups(bytes, 32)),
    destinationPort: readUint16(bytes, 50),
  };
}

function readGroups(bytes: Uint8Array, start: number): number[] {
  return Array.from({ length: 8 }, (_, group) => readUint16(bytes, start + 2 * group));
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 65_536 + readUint16(bytes, at + 2);
}
