import ipaddr from "ipaddr.js";

/** One text for each IP address: IPv6 shortened as RFC 5952, IPv4-mapped as IPv4; null where it is none. */
export function normalAddress(text: string): string | null {
  if (!ipaddr.isValid(text) || text.includes("%")) return null;
  if (!text.includes(":") && !ipaddr.IPv4.isValidFourPartDecimal(text)) return null;
  return ipaddr.process(text).toString();
}

/** "unicast", "loopback", "linkLocal", "multicast", "unspecified" …, for an address that `normalAddress` made. */
export function addressRange(address: string): string {
  return ipaddr.parse(address).range();
}
