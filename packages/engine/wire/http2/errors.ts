import type { FaultCode } from "../../base/index.ts";

/** Error codes of RST_STREAM and GOAWAY (RFC 9113 section 7). */
export const H2 = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

export type Http2ErrorCode = (typeof H2)[keyof typeof H2];

const NAMES: readonly string[] = Object.keys(H2);

/** "PROTOCOL_ERROR"; a code that RFC 9113 does not define by its number. */
export function errorName(code: number): string {
  return NAMES[code] ?? `code ${code}`;
}

/** The code that a stream is reset with for a fault of its exchange. */
export function resetCodeOf(code: FaultCode): Http2ErrorCode {
  switch (code) {
    case "HDL_REQUEST_EXPECTATION_UNSUPPORTED":
    case "HDL_REQUEST_MALFORMED":
    case "HDL_REQUEST_METHOD_UNSUPPORTED":
    case "HDL_REQUEST_PATH_REFUSED":
    case "HDL_REQUEST_TARGET_TOO_LONG":
    case "HDL_UPSTREAM_MALFORMED":
      return H2.PROTOCOL_ERROR;
    case "HDL_DRAINING":
    case "HDL_OVERLOADED":
      return H2.REFUSED_STREAM;
    case "HDL_DOWNSTREAM_FLOOD":
    case "HDL_DOWNSTREAM_STALLED":
    case "HDL_REQUEST_BODY_TOO_SLOW":
    case "HDL_REQUEST_HEAD_TOO_LARGE":
    case "HDL_UPSTREAM_HEAD_TOO_LARGE":
      return H2.ENHANCE_YOUR_CALM;
    case "HDL_DOWNSTREAM_RESET":
    case "HDL_REQUEST_TIMEOUT":
    case "HDL_ROUTE_TIMEOUT":
    case "HDL_GRPC_DEADLINE":
    case "HDL_UPSTREAM_TIMEOUT":
      return H2.CANCEL;
    default:
      return H2.INTERNAL_ERROR;
  }
}
