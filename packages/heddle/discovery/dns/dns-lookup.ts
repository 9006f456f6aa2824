import { Resolver } from "node:dns/promises";
import type { AddressLookup } from "./addresses.ts";

/** Answers that say that there is no such record, as opposed to no answer. */
const NONE: ReadonlySet<string> = new Set(["ENODATA", "ENOTFOUND"]);

interface Record {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

/**
 * Asks DNS servers for both families at once: the system's, or `servers` ("127.0.0.1:8600"). After a failure the
 * system's are read anew, since they may have changed.
 */
export function dnsLookup(servers: readonly string[] = []): AddressLookup {
  let resolver = openResolver(servers);
  return async (name) => {
    const [ipv4, ipv6] = await Promise.all([
      records(resolver.resolve4(name, { ttl: true })),
      records(resolver.resolve6(name, { ttl: true })),
    ]);
    const found = [...listOf(ipv4), ...listOf(ipv6)];
    if (found.length > 0) {
      const ttlMs = Math.min(...found.map(({ ttl }) => ttl)) * 1_000;
      return { ipv4: addressesOf(ipv4), ipv6: addressesOf(ipv6), ttlMs };
    }
    resolver = openResolver(servers);
    throw ipv4 instanceof Error ? ipv4 : ipv6 instanceof Error ? ipv6 : new Error("the name has no address");
  };
}

function openResolver(servers: readonly string[]): Resolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}

/** Empty: there are none. */
async function records(answer: Promise<readonly Record[]>): Promise<readonly Record[] | Error> {
  try {
    return await answer;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return NONE.has(code) ? [] : (error as Error);
  }
}

const listOf = (found: readonly Record[] | Error): readonly Record[] => (found instanceof Error ? [] : found);

const addressesOf = (found: readonly Record[] | Error): readonly string[] | null =>
  found instanceof Error ? null : found.map(({ address }) => address);
