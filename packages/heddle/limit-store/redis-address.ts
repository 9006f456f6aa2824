/** Where a server is, from `redis://HOST:PORT/DB`; `rediss:` is TLS. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly isTls: boolean;
}

/** Of a URL that was checked when the resource was. */
export function parseRedisAddress(url: string): RedisAddress {
  const { protocol, hostname, port, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? 6379 : Number(port),
    database: Number(pathname.slice(1)),
    isTls: protocol === "rediss:",
  };
}
