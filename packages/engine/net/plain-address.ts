const MAPPED = "::ffff:";

/** A socket's address in its one form: IPv4 never as ::ffff:, "" where there is none. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
}
