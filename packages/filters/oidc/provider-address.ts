import { BlockList, isIP } from "node:net";

/** Never a provider's: what answers there is this machine's or the cloud's own (threats 33). */
const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("0.0.0.0", 8, "ipv4");
linkLocal.addSubnet("224.0.0.0", 3, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");
linkLocal.addSubnet("ff00::", 8, "ipv6");
linkLocal.addAddress("::", "ipv6");
linkLocal.addAddress("fd00:ec2::254", "ipv6");

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether a host name or address is this machine's own by its name alone. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return host === "localhost" || host.endsWith(".localhost") || isIn(loopback, host);
}

/** Why requests to a provider may not go to that address; null where they may. */
export function addressMistake(address: string, mayBeLoopback: boolean): string | null {
  if (isIn(linkLocal, address)) return "is no address of a provider";
  return !mayBeLoopback && isIn(loopback, address) ? "is this machine's own" : null;
}

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
}
