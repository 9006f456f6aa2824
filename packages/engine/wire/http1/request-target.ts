import { normalizePath, parseAuthority } from "../../message/index.ts";

/** A request target that is not the plain path of a request (RFC 9112 section 3.2). */
export interface ParsedTarget {
  /** "" in asterisk-form. */
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

/** Why a target is refused. */
export type TargetProblem = "form" | "authority" | "scheme" | "path";

/**
 * Absolute-form, authority-form (CONNECT only) and asterisk-form (OPTIONS only). `target` is visible ASCII.
 * An absolute-form target names the connection's own scheme: another one would tell policy and upstream of a
 * transport that is not there.
 */
export function parseSpecialTarget(
  target: string,
  method: string,
  scheme: string,
  escapedSlashes: "refuse" | "keep",
): ParsedTarget | TargetProblem {
  if (method === "CONNECT") return parseAuthorityForm(target);
  if (target === "*") return method === "OPTIONS" ? { authority: "", path: "*", query: "" } : "form";
  const match = /^(https?):\/\/([^/?]*)([^?]*)(.*)$/i.exec(target);
  if (match === null) return "form";
  if (match[1].toLowerCase() !== scheme) return "scheme";
  const authority = parseAuthority(match[2]);
  if (authority === null) return "authority";
  const query = match[4];
  // Section 3.2.4: OPTIONS of an absolute URI without path and query asks the server as a whole.
  if (match[3] === "") return { authority, path: method === "OPTIONS" && query === "" ? "*" : "/", query };
  const path = normalizePath(match[3], escapedSlashes);
  return path === null ? "path" : { authority, path, query };
}

/** Section 3.2.3: host and port, both. The path is "". */
function parseAuthorityForm(target: string): ParsedTarget | TargetProblem {
  const authority = parseAuthority(target);
  if (authority === null || !/:\d+$/.test(authority)) return "form";
  return { authority, path: "", query: "" };
}
