import type { ControlAddress } from "../io/compile-io.ts";
import { addressRange, normalAddress } from "../values/ip-address.ts";

/** Ranges that no service has: requests to them would be for the machine's own network or its metadata service. */
const refusedRanges: Readonly<Record<string, string>> = {
  linkLocal: "a link-local address",
  multicast: "a multicast address",
  broadcast: "the broadcast address",
  unspecified: "the unspecified address",
};
/** Metadata services outside of link-local ranges. */
const metadataAddresses: ReadonlySet<string> = new Set(["fd00:ec2::254", "fd20:ce::254", "100.100.100.200"]);
const loopbackName = /^(.+\.)?localhost\.?$/i;

/**
 * Why Heddle never sends requests to an endpoint, or null: a route must not open Heddle's own API, nor the
 * machine's metadata service, to clients. Names are checked again where they are resolved.
 */
export function endpointMistake(
  address: string,
  port: number,
  controlAddresses: readonly ControlAddress[],
): string | null {
  const ip = normalAddress(address);
  if (ip !== null) {
    if (metadataAddresses.has(ip)) return "is the address of a metadata service";
    const range = refusedRanges[addressRange(ip)];
    if (range !== undefined) return `is ${range}, which is never an endpoint`;
  }
  const control = controlAddresses.find((one) => one.port === port && reaches(ip, address, one.address));
  return control === undefined
    ? null
    : `with port ${port} is Heddle's own API; give the address of a service`;
}

function reaches(ip: string | null, name: string, control: string): boolean {
  const own = normalAddress(control);
  if (own === null) return control.toLowerCase() === name.toLowerCase();
  const isOwnAny = own === "::" || own === "0.0.0.0";
  const isOwnLoopback = isOwnAny || addressRange(own) === "loopback";
  if (ip === null) return isOwnLoopback && loopbackName.test(name);
  return ip === own || (isOwnAny && addressRange(ip) === "loopback");
}
