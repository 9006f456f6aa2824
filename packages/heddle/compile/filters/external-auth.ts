import { normalizePath } from "@heddle/engine/message";
import type { HTTPExternalAuthFilter } from "../../resources/index.ts";
import type { ExternalAuthorizationConfig } from "./filter-specs.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** The Gateway API names none. */
const TIMEOUT_MS = 5_000;

const lowerCase = (names: readonly string[] = []): readonly string[] =>
  names.map((name) => name.toLowerCase());

/**
 * ExternalAuth of the Gateway API (GEP-1494) as the filter takes it. Of the two things that its words say of a longer
 * body, refused and cut short, the one that lets nothing through unseen.
 */
export function externalAuthConfig(
  { backendRef, protocol, http, grpc, forwardBody }: HTTPExternalAuthFilter,
  cluster: string,
  path: string,
): ExternalAuthorizationConfig | Finding {
  const maxBytes = forwardBody?.maxSize ?? 0;
  if (maxBytes < 0) {
    const message = `is ${maxBytes}; give a number of bytes, or 0 to send no body`;
    return makeFinding("UnsupportedValue", `${path}.forwardBody.maxSize`, message);
  }
  const prefix = prefixOf(http?.path ?? "", `${path}.http.path`);
  if (typeof prefix !== "string") return prefix;
  const { allowedHeaders = [] } = grpc ?? {};
  const { allowedResponseHeaders = [] } = http ?? {};
  return {
    cluster,
    protocol:
      protocol === "GRPC"
        ? {
            kind: "grpc",
            authority: authorityOf(backendRef),
            requestHeaders: allowedHeaders.length === 0 ? null : lowerCase(allowedHeaders),
            contextExtensions: [],
          }
        : {
            kind: "http",
            path: prefix,
            isWholePath: false,
            requestHeaders: lowerCase(http?.allowedHeaders),
            toUpstream: allowedResponseHeaders.length === 0 ? null : lowerCase(allowedResponseHeaders),
            toClient: [],
          },
    timeoutMs: TIMEOUT_MS,
    failureMode: "Deny",
    statusOnError: 403,
    body: maxBytes === 0 ? null : { maxBytes, longer: "deny" },
    cache: null,
  };
}

/** The name that a gRPC call is made to. */
export function authorityOf({ name, port }: HTTPExternalAuthFilter["backendRef"]): string {
  return port === undefined ? name : `${name}:${port}`;
}

/** What goes before a path: normalised, with a slash before it and none behind. */
export function prefixOf(text: string, path: string): string | Finding {
  const prefix = normalizePath(text.startsWith("/") ? text : `/${text}`, "refuse");
  if (prefix !== null) return prefix.replace(/\/$/, "");
  return makeFinding(
    "UnsupportedValue",
    path,
    `${text} is no path that is sent anywhere; use one such as /check`,
  );
}
