import { hashText } from "@heddle/engine/base";
import ipaddr from "ipaddr.js";

/** A range of IPv4 addresses of which each Gateway gets one. */
export interface AddressPool {
  /** The first address, as a number. */
  readonly first: number;
  /** Usable addresses: without the network's and the broadcast one. */
  readonly size: number;
}

/** The pool of a CIDR range such as 127.80.0.0/16 (/8 to /30), or null where the text is none. */
export function parseAddressPool(text: string): AddressPool | null {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return null;
  const [, length] = ipaddr.IPv4.parseCIDR(text);
  if (length < 8 || length > 30) return null;
  return {
    first: toNumber(ipaddr.IPv4.networkAddressFromCIDR(text).octets) + 1,
    size: 2 ** (32 - length) - 2,
  };
}

/**
 * A free address for `name`, or null when the pool is used up. The place is the name's own wherever no other has
 * it, so that a Gateway keeps its address when others come and go.
 */
export function pickAddress(
  pool: AddressPool,
  name: string,
  isTaken: (address: string) => boolean,
): string | null {
  const start = hashText(name) % pool.size;
  for (let step = 0; step < pool.size; step++) {
    const address = toText(pool.first + ((start + step) % pool.size));
    if (!isTaken(address)) return address;
  }
  return null;
}

function toNumber(octets: readonly number[]): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}
