/**
 * Where endpoints are that are named otherwise than by address. DNS: the addresses of names, asked for anew as their
 * records run out.
 *
 *   NameWatch ── WatchedName ── lookup      one for each name: its last answer, and when it is asked again
 */
export { dnsLookup } from "./dns/dns-lookup.ts";
export { NameWatch } from "./dns/name-watch.ts";
export type { NameWatchOptions } from "./dns/name-watch.ts";
export { parseHostsFile, isSystemName } from "./dns/system-names.ts";
export type { Addresses, AddressLookup, NameAnswer } from "./dns/addresses.ts";
