const originText = /^(https?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(?::([0-9]{1,5}))?$/i;

const defaultPorts: Readonly<Record<string, string>> = { http: "80", https: "443" };

/**
 * Whether an Origin is that of the request's own site. TLS may have been opened in front of Heddle, so an https origin
 * may ask in clear text; an http one never asks an https site, since whoever sits on the wire could write that page.
 */
export function isOwnOrigin(origin: string, authority: string, scheme: string): boolean {
  if (origin.length > 300) return false;
  const parts = originText.exec(origin);
  if (parts === null) return false;
  const [, originScheme = "", host = "", port = ""] = parts.map((part) => part?.toLowerCase());
  if (scheme === "https" && originScheme !== "https") return false;
  const own = port === "" || port === defaultPorts[originScheme] ? host : `${host}:${port}`;
  return own === withoutPort(authority, defaultPorts[originScheme]);
}

function withoutPort(authority: string, port: string): string {
  return authority.endsWith(`:${port}`) ? authority.slice(0, -port.length - 1) : authority;
}
