import type { HTTPCORSFilter } from "../../resources/index.ts";
import type { CorsConfig, CorsOrigin } from "./filter-specs.ts";
import { makeFinding, type Finding } from "../io/status.ts";

const originText = /^(https?):\/\/([^:]+)(?::(\d{1,5}))?$/i;
const schemePorts = { http: 80, https: 443 } as const;

/** The configuration of a CORS filter, or the first of its fields that is wrong. */
export function corsConfig(cors: HTTPCORSFilter, path: string): CorsConfig | Finding {
  const allowOrigins: CorsOrigin[] = [];
  for (const [index, text] of (cors.allowOrigins ?? []).entries()) {
    const origin = parseOrigin(text);
    if (origin === null) {
      const message = `${JSON.stringify(text)} has no port from 1 to 65535`;
      return makeFinding("UnsupportedValue", `${path}.allowOrigins[${index}]`, message);
    }
    allowOrigins.push(origin);
  }
  return {
    allowOrigins,
    allowCredentials: cors.allowCredentials ?? false,
    allowMethods: cors.allowMethods ?? [],
    allowHeaders: lowerCase(cors.allowHeaders ?? []),
    exposeHeaders: lowerCase(cors.exposeHeaders ?? []),
    maxAge: cors.maxAge,
  };
}

const lowerCase = (names: readonly string[]) => [...new Set(names.map((name) => name.toLowerCase()))];

/** An origin such as https://*.example.com:8443, or null where it is none; "*" alone is every origin. */
export function parseOrigin(text: string): CorsOrigin | null {
  if (text === "*") return { scheme: "", match: "suffix", host: "", port: 0 };
  const match = originText.exec(text);
  if (match === null) return null;
  const scheme = match[1]!.toLowerCase() as "http" | "https";
  const port = match[3] === undefined ? schemePorts[scheme] : Number(match[3]);
  if (port < 1 || port > 65_535) return null;
  const host = match[2]!.toLowerCase();
  return host.startsWith("*")
    ? { scheme, match: "suffix", host: host.slice(1), port }
    : { scheme, match: "exact", host, port };
}
