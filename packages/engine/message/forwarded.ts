import { formatIpv4, mappedIpv4, parseIpv4, parseIpv6 } from "./ip-address.ts";

/**
 * Compiles addresses and CIDR ranges of the proxies in front into a test of an address. IPv4-mapped IPv6 counts as
 * IPv4, on both sides; a range of one family never holds an address of the other (`::/0` has no IPv4 in it).
 * Throws RangeError for what is no range.
 */
export function compileTrustedHops(ranges: readonly string[]): (address: string) => boolean {
  const v4: { network: number; size: number }[] = [];
  const v6: { groups: number[]; bits: number }[] = [];
  for (const range of ranges) {
    const slash = range.indexOf("/");
    const text = slash < 0 ? range : range.slice(0, slash);
    const quad = parseIpv4(text);
    const groups = quad < 0 ? parseIpv6(text) : null;
    if (quad < 0 && groups === null)
      throw new RangeError(`trusted hop "${range}" is no address or CIDR range`);
    let bits = slash < 0 ? (groups === null ? 32 : 128) : parseBits(range.slice(slash + 1));
    if (bits < 0 || bits > (groups === null ? 32 : 128)) {
      throw new RangeError(`trusted hop "${range}" has a prefix length out of range`);
    }
    const mapped = groups === null ? quad : bits >= 96 ? mappedIpv4(groups) : -1;
    if (mapped >= 0) {
      if (groups !== null) bits -= 96;
      const size = 2 ** (32 - bits);
      v4.push({ network: Math.floor(mapped / size), size });
    } else {
      v6.push({ groups: groups!, bits });
    }
  }
  if (v4.length + v6.length === 0) return trustsNobody;
  return (address) => {
    let quad = parseIpv4(address);
    if (quad < 0) {
      const groups = parseIpv6(address);
      if (groups === null) return false;
      quad = mappedIpv4(groups);
      if (quad < 0) return v6.some((range) => hasPrefix(groups, range.groups, range.bits));
    }
    return v4.some((range) => Math.floor(quad / range.size) === range.network);
  };
}

const trustsNobody = (): boolean => false;

function parseBits(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : -1;
}

function hasPrefix(groups: readonly number[], network: readonly number[], bits: number): boolean {
  for (let i = 0; bits > 0; i++, bits -= 16) {
    const mask = bits >= 16 ? 0xffff : 0xffff & (0xffff << (16 - bits));
    if ((groups[i] & mask) !== (network[i] & mask)) return false;
  }
  return true;
}

/**
 * The client's address: X-Forwarded-For read from the right for as long as the hop that wrote an entry is trusted.
 * `values` are the field's lines in order. An entry that is no address ends the walk at the hop that sent it: what
 * lies left of it is hearsay. Entries may carry a port. The result is in one form: no brackets, no port, no ::ffff:.
 */
export function clientAddress(
  peerAddress: string,
  values: readonly string[],
  isTrusted: (address: string) => boolean,
): string {
  let client = peerAddress;
  for (let line = values.length - 1; line >= 0; line--) {
    const value = values[line];
    for (let end = value.length; end >= 0;) {
      if (!isTrusted(client)) return client;
      const comma = end === 0 ? -1 : value.lastIndexOf(",", end - 1);
      const entry = value.slice(comma + 1, end).trim();
      end = comma;
      if (entry === "") {
        if (comma < 0) break;
        continue;
      }
      const address = forwardedAddress(entry);
      if (address === "") return client;
      client = address;
    }
  }
  return client;
}

/** "1.2.3.4", "1.2.3.4:80", "::1", "[::1]", "[::1]:80" as an address alone; "" for anything else. */
function forwardedAddress(entry: string): string {
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(entry);
  if (bracketed === null) {
    const quad = parseIpv4(entry.replace(/:\d{1,5}$/, ""));
    if (quad >= 0) return formatIpv4(quad);
  }
  const text = bracketed === null ? entry : bracketed[1];
  const groups = parseIpv6(text);
  if (groups === null) return "";
  const mapped = mappedIpv4(groups);
  return mapped >= 0 ? formatIpv4(mapped) : text.toLowerCase();
}

/**
 * One element of Forwarded (RFC 7239 section 4). `forAddress` and `byAddress` are IP addresses; "" is `unknown` for
 * the first and leaves the second out. `host` and `proto` are left out when "".
 */
export function forwardedElement(forAddress: string, byAddress: string, host: string, proto: string): string {
  let element = `for=${forwardedNode(forAddress)}`;
  if (byAddress !== "") element += `;by=${forwardedNode(byAddress)}`;
  if (host !== "") element += `;host=${/^[0-9A-Za-z.~_-]+$/.test(host) ? host : quoted(host)}`;
  if (proto !== "") element += `;proto=${proto}`;
  return element;
}

/** Section 6: an IPv6 address stands in brackets and quotes. */
function forwardedNode(address: string): string {
  if (address === "") return "unknown";
  return address.includes(":") ? `"[${address}]"` : address;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
