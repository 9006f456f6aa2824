import { parseJsonObject } from "./parse-json-object.ts";

/** Longer ones are not looked at: heads have limits of their own, and nobody's claims take 16 KiB. */
export const MAX_TOKEN_CHARS = 16_384;
const MAX_KID_CHARS = 256;

/** A token in JWS Compact Serialization (RFC 7515 section 7.1), taken apart and not yet believed. */
export interface ParsedToken {
  readonly algorithm: string;
  /** "" for none. */
  readonly keyId: string;
  /** In lower case without "application/" (RFC 7515 section 4.1.9); "" for none. */
  readonly type: string;
  readonly claims: Record<string, unknown>;
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a token apart, or says in a few words why it is none. What its header says of keys (`jku`, `jwk`, `x5u`,
 * `x5c`) is never looked at: keys come from the issuer's set alone (RFC 8725 section 3.10). `crit` asks for what is
 * not understood here, whatever it names (RFC 7515 section 4.1.11); encrypted tokens have five parts.
 */
export function parseToken(token: string): ParsedToken | string {
  if (token.length > MAX_TOKEN_CHARS) return "the token is too long";
  const parts = token.split(".");
  if (parts.length !== 3) return parts.length === 5 ? "encrypted tokens are not taken" : malformed;
  const [head, body, mac] = parts.map(decodePart);
  if (head === null || body === null || mac === null) return malformed;
  const header = parseObject(head);
  const claims = parseObject(body);
  if (header === null || claims === null) return malformed;
  const { alg, kid, typ, crit, b64, zip } = header;
  if (crit !== undefined || b64 !== undefined || zip !== undefined)
    return "the token has an extension that is not known";
  if (typeof alg !== "string" || !isOptionalText(kid, MAX_KID_CHARS) || !isOptionalText(typ, 64))
    return malformed;
  return {
    algorithm: alg,
    keyId: kid ?? "",
    type: (typ ?? "").toLowerCase().replace(/^application\//, ""),
    claims,
    signingInput: Buffer.from(token.slice(0, token.lastIndexOf(".")), "latin1"),
    signature: mac,
  };
}

const malformed = "the token is malformed";

function isOptionalText(value: unknown, maxLength: number): value is string | undefined {
  return value === undefined || (typeof value === "string" && value !== "" && value.length <= maxLength);
}

/** Base64url in its one form: no padding, no other characters, no bits left over (RFC 4648 section 3.5). */
function decodePart(part: string): Buffer | null {
  const bytes = Buffer.from(part, "base64url");
  return bytes.toString("base64url") === part ? bytes : null;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parseObject(bytes: Buffer): Record<string, unknown> | null {
  try {
    return parseJsonObject(utf8.decode(bytes));
  } catch {
    return null;
  }
}
