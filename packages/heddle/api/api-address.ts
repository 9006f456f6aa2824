import { isIP } from "node:net";

export interface ApiAddress {
  /** An IP address of loopback. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Reads `HOST:PORT`, `[IPv6]:PORT` or a port alone. Throws Error that names the flag and the mend. */
export function parseApiAddress(text: string): ApiAddress {
  const parts = /^(?:(?<host>\[[^\]]+\]|[^:[\]]*):)?(?<port>\d{1,5})$/.exec(text)?.groups;
  const port = Number(parts?.["port"] ?? Number.NaN);
  if (parts === undefined || !(port <= 65_535)) {
    throw new Error(`--api must be ADDRESS:PORT such as 127.0.0.1:9901, not ${text}`);
  }
  const host = (parts["host"] ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
  if (!isLoopback(host)) {
    throw new Error(
      `--api ${text}: beyond loopback the API would need TLS and access rules, which this version does not have; ` +
        `give a loopback address such as 127.0.0.1:${port}, and reach it from elsewhere by ssh -L`,
    );
  }
  // The name could stand for either family: one address is bound, and it is the one that routes must not reach.
  return { host: host.toLowerCase() === "localhost" ? "127.0.0.1" : host, port };
}

/** Only addresses that no other machine can reach. A name but "localhost" may resolve to anything. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  if (isIP(host) === 4) return host.startsWith("127.");
  return isIP(host) === 6 && new URL(`http://[${host}]`).hostname === "[::1]";
}

/** `127.0.0.1:9901`, `[::1]:9901`. */
export function formatApiAddress({ host, port }: ApiAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
