import dns from "node:dns";
import type { LookupFunction } from "node:net";
import { addressRange, endpointMistake, normalAddress, type ControlAddress } from "../compile/index.ts";

/** What addresses of services are; loopback ones are for who names this machine. */
const allowedRanges: ReadonlySet<string> = new Set(["unicast", "private", "uniqueLocal", "carrierGradeNat"]);
/** IPv4 in IPv6 as nobody writes it any more (RFC 4291 section 2.5.5.1): where it leads is anybody's guess. */
const compatible = /^::[0-9a-f]{1,4}:[0-9a-f]{1,4}$/;
const loopbackName = /^(.+\.)?localhost\.?$/i;

/**
 * Keeps who writes a policy from having Heddle ask in its place (threats 33): addresses are looked at after names are
 * resolved, and the one that was looked at is the one that is connected to. This machine's own are for URLs that say so.
 */
export class AddressGuard {
  private readonly controlAddresses: readonly ControlAddress[];
  private readonly resolve: typeof dns.lookup;

  constructor(controlAddresses: readonly ControlAddress[], resolve: typeof dns.lookup = dns.lookup) {
    this.controlAddresses = controlAddresses;
    this.resolve = resolve;
  }

  /** Why a URL is not asked, where its host is an address; null where it may be, or is a name. */
  mistakeOf(url: URL): string | null {
    const host = bareHost(url);
    return normalAddress(host) === null ? null : this.addressMistake(host, url);
  }

  /** As `lookup` of node:net: fails for an address that is not asked. */
  lookupFor(url: URL): LookupFunction {
    return (hostname, options, callback) => {
      this.resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, "", 0);
        const mistakes = addresses.map(({ address }) => this.addressMistake(address, url));
        const good = addresses.filter((_, at) => mistakes[at] === null);
        if (good.length === 0) {
          const reason = mistakes.find((mistake) => mistake !== null) ?? "has no address";
          return callback(new Error(`${hostname} ${reason}`), "", 0);
        }
        if (options.all === true) return callback(null, good);
        callback(null, good[0]!.address, good[0]!.family);
      });
    };
  }

  private addressMistake(address: string, url: URL): string | null {
    const ip = normalAddress(address);
    if (ip === null) return "is no address";
    const range = addressRange(ip);
    const host = bareHost(url);
    const isOwn = loopbackName.test(host) || normalAddress(host) !== null;
    const isAllowed = allowedRanges.has(range) && !compatible.test(ip);
    if (!isAllowed && !(range === "loopback" && isOwn))
      return `is at ${ip}, which is no address of a service`;
    const mistake = endpointMistake(ip, portOf(url), this.controlAddresses);
    return mistake === null ? null : `is at ${ip}, which ${mistake}`;
  }
}

/** An IPv6 address without its brackets. */
function bareHost({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
