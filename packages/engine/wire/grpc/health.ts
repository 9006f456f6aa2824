/**
 * The messages of the health protocol, grpc.health.v1.Health/Check (grpc/doc/health-checking.md):
 *
 *   HealthCheckRequest  { string service = 1; }
 *   HealthCheckResponse { ServingStatus status = 1; }   UNKNOWN 0, SERVING 1, NOT_SERVING 2, SERVICE_UNKNOWN 3
 */
export const HEALTH_CHECK_PATH = "/grpc.health.v1.Health/Check";

export const SERVING = 1;

const STATUS_NAMES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** Of a status that `parseHealthResponse` gave; its number where the protocol has no name for it. */
export const healthStatusName = (status: number): string => STATUS_NAMES[status] ?? String(status);

const LENGTH_DELIMITED = 2;

/** "" asks for the server as a whole. */
export function encodeHealthRequest(service: string): Uint8Array {
  if (service === "") return new Uint8Array(0);
  const text = Buffer.from(service, "utf8");
  return Buffer.concat([Buffer.from([(1 << 3) | LENGTH_DELIMITED]), encodeVarint(text.length), text]);
}

/** The status; null for what is no message of the protocol. Fields that it does not know are passed by. */
export function parseHealthResponse(bytes: Uint8Array): number | null {
  let status = 0;
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    if (tag === null || tag.value < 8) return null;
    const field = Math.floor(tag.value / 8);
    const end = skipValue(bytes, tag.end, tag.value % 8);
    if (end === null) return null;
    // The last one counts, as in all of protobuf.
    if (field === 1 && tag.value % 8 === 0) status = readVarint(bytes, tag.end)!.value;
    at = end;
  }
  return status;
}

/** Where the value of a wire type ends; null when it is not whole, or the type is none. */
function skipValue(bytes: Uint8Array, at: number, wireType: number): number | null {
  const end = endOfValue(bytes, at, wireType);
  return end !== null && end <= bytes.length ? end : null;
}

function endOfValue(bytes: Uint8Array, at: number, wireType: number): number | null {
  switch (wireType) {
    case 0:
      return readVarint(bytes, at)?.end ?? null;
    case 1:
      return at + 8;
    case LENGTH_DELIMITED: {
      const length = readVarint(bytes, at);
      return length === null ? null : length.end + length.value;
    }
    case 5:
      return at + 4;
    default:
      return null;
  }
}

function readVarint(bytes: Uint8Array, from: number): { value: number; end: number } | null {
  let value = 0;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    value += (bytes[at] & 127) * 2 ** (7 * (at - from));
    if (bytes[at] < 128) return { value, end: at + 1 };
  }
  return null;
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
