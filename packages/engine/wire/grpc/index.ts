/**
 * gRPC over HTTP/2 as it stands in heads, trailers and bodies (grpc/doc/PROTOCOL-HTTP2.md), gRPC-Web
 * (PROTOCOL-WEB.md) and the health protocol: sans-IO. A call that passes through is an exchange like any other; its
 * messages are read only where Heddle is an end of the call itself.
 */
export { GRPC_STATUS, GRPC_STATUS_NAMES, grpcStatusOfHttp, parseGrpcStatus } from "./status.ts";
export type { GrpcStatusName } from "./status.ts";
export { formatGrpcTimeout, parseGrpcTimeout } from "./timeout.ts";
export { parseGrpcPushback } from "./pushback.ts";
export { encodeStatusMessage } from "./status-message.ts";
export { grpcStatusFields } from "./status-fields.ts";
export { grpcFormOf, grpcFormOfRequest, withGrpcForm } from "./content-type.ts";
export { MessageReader } from "./parse.ts";
export type { MessageReaderEvents } from "./parse.ts";
export { encodeMessage } from "./encode.ts";
export { mistakeText } from "./errors.ts";
export type { MessageMistake } from "./errors.ts";
export { Base64Decoder, encodeBase64, encodeTrailersFrame } from "./web.ts";
export {
  encodeHealthRequest,
  HEALTH_CHECK_PATH,
  healthStatusName,
  parseHealthResponse,
  SERVING,
} from "./health.ts";
