import type { CorsOrigin } from "./config.ts";

/** An http or https origin as RFC 6454 section 7 writes it; the host may be an address. */
const originText = /^(https?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::([0-9]{1,5}))?$/i;

/** Longer than any name with scheme and port: nothing that is this long can be allowed, and regexes see short text. */
const MAX_ORIGIN = 300;

/** Whether a request's Origin is among `allowed`. Others than http and https ones ("null" too) match "*" alone. */
export function matchOrigin(origin: string, allowed: readonly CorsOrigin[]): boolean {
  if (origin === "" || origin.length > MAX_ORIGIN) return false;
  const parts = originText.exec(origin);
  if (parts === null) return allowed.some(isAnyOrigin);
  const scheme = parts[1].toLowerCase();
  const host = parts[2].toLowerCase();
  const port = parts[3] === undefined ? (scheme === "https" ? 443 : 80) : Number(parts[3]);
  return allowed.some(
    (one) =>
      (one.scheme === "" || one.scheme === scheme) &&
      (one.port === 0 || one.port === port) &&
      (one.match === "exact" ? host === one.host : host.length > one.host.length && host.endsWith(one.host)),
  );
}

function isAnyOrigin(one: CorsOrigin): boolean {
  return one.scheme === "" && one.match === "suffix" && one.host === "" && one.port === 0;
}
