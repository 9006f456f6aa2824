import type { ForwardReason } from "./cache-run.ts";

const NAME = "heddle";

/** Members of Cache-Status (RFC 9211). They say nothing of the key: it may hold what others asked for. */
export function hitStatus(ttlMs: number): string {
  return `${NAME}; hit; ttl=${Math.floor(ttlMs / 1_000)}`;
}

export interface ForwardStatus {
  /** What the endpoint answered, where the client got something else. */
  readonly status?: number;
  readonly isStored?: boolean;
  readonly isCollapsed?: boolean;
}

export function forwardStatus(
  reason: ForwardReason,
  { status, isStored, isCollapsed }: ForwardStatus = {},
): string {
  return [
    `${NAME}; fwd=${reason}`,
    ...(status === undefined ? [] : [`fwd-status=${status}`]),
    ...(isStored === true ? ["stored"] : []),
    ...(isCollapsed === true ? ["collapsed"] : []),
  ].join("; ");
}
