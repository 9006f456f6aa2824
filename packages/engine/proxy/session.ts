import { readCookie } from "../message/index.ts";
import type { Exchange, RequestHead, ResponseHead } from "../message/index.ts";
import type { SessionPersistenceSpec } from "../model/index.ts";

/**
 * Session persistence (GEP-1619). The token that a client carries is "endpoint.issued.used", base 36, seconds: it
 * names no address, and forging one gains nothing but a choice of endpoint.
 */
export interface Session {
  readonly id: string;
  readonly issuedMs: number;
}

/** The session of a request; null when it has none, or a timeout has ended it. */
export function readSession(
  request: RequestHead,
  spec: SessionPersistenceSpec,
  nowMs: number,
): Session | null {
  const token =
    spec.type === "Cookie" ? readCookie(request, spec.name) : request.fields.get(spec.name.toLowerCase());
  if (token === undefined) return null;
  const [id, issued, used] = token.split(".");
  const issuedMs = parseInt(issued, 36) * 1_000;
  const usedMs = parseInt(used, 36) * 1_000;
  if (id === "" || !Number.isFinite(issuedMs) || !Number.isFinite(usedMs)) return null;
  if (spec.absoluteTimeoutMs > 0 && nowMs - issuedMs > spec.absoluteTimeoutMs) return null;
  if (spec.idleTimeoutMs > 0 && nowMs - usedMs > spec.idleTimeoutMs) return null;
  return { id, issuedMs };
}

/** Tells the client its session: a new one, or a known one whose idle time begins again. */
export function issueSession(
  head: ResponseHead,
  spec: SessionPersistenceSpec,
  endpointId: string,
  known: Session | null,
  exchange: Exchange,
  nowMs: number,
): void {
  if (known !== null && spec.idleTimeoutMs === 0 && spec.type === "Cookie") return;
  const issuedMs = known?.issuedMs ?? nowMs;
  const token = `${endpointId}.${seconds(issuedMs)}.${seconds(nowMs)}`;
  if (spec.type === "Header") {
    head.fields.set(spec.name.toLowerCase(), token);
    return;
  }
  let cookie = `${spec.name}=${token}; Path=/; HttpOnly; SameSite=Lax`;
  if (exchange.request.scheme === "https") cookie += "; Secure";
  if (spec.isPermanent && spec.absoluteTimeoutMs > 0) {
    const leftMs = Math.max(0, issuedMs + spec.absoluteTimeoutMs - nowMs);
    cookie += `; Max-Age=${Math.floor(leftMs / 1_000)}`;
  }
  head.fields.add("set-cookie", cookie);
}

function seconds(ms: number): string {
  return Math.floor(ms / 1_000).toString(36);
}
