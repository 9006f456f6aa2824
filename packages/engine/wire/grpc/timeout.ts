/**
 * The `grpc-timeout` field (grpc/doc/PROTOCOL-HTTP2.md): up to eight digits and a unit, "250m", "3S". It is the time
 * that is left when the request is sent, so whoever forwards it lowers it.
 */
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

const MAX_DIGITS = 8;
const MAX_VALUE = 10 ** MAX_DIGITS - 1;

/** Milliseconds, perhaps a fraction of one; null for what is no timeout. */
export function parseGrpcTimeout(text: string): number | null {
  const last = text.length - 1;
  const unit = UNIT_MS[text.charAt(last)];
  if (unit === undefined || last === 0 || last > MAX_DIGITS) return null;
  let value = 0;
  for (let i = 0; i < last; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value * unit;
}

/**
 * The field for the time that is left, in the finest unit that holds it, rounded down: the endpoint must not think
 * that it has longer than the client waits. Less than a microsecond is one: zero would be no value of the field.
 */
export function formatGrpcTimeout(ms: number): string {
  if (ms * 1_000 <= MAX_VALUE) return `${Math.max(1, Math.floor(ms * 1_000))}u`;
  if (ms <= MAX_VALUE) return `${Math.floor(ms)}m`;
  if (ms / 1_000 <= MAX_VALUE) return `${Math.floor(ms / 1_000)}S`;
  if (ms / 60_000 <= MAX_VALUE) return `${Math.floor(ms / 60_000)}M`;
  return `${Math.min(MAX_VALUE, Math.floor(ms / 3_600_000))}H`;
}
