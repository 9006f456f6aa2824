/** gRPC status codes by name (grpc/doc/statuscodes.md); the number is what `grpc-status` carries. */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatusName = keyof typeof GRPC_STATUS;

/** Names in the order of their numbers. */
export const GRPC_STATUS_NAMES = Object.keys(GRPC_STATUS) as readonly GrpcStatusName[];

/** The number in a `grpc-status` field; UNKNOWN for what is no number of the table, -1 without a field. */
export function parseGrpcStatus(text: string | undefined): number {
  if (text === undefined) return -1;
  const code = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return code >= 0 && code < GRPC_STATUS_NAMES.length ? code : GRPC_STATUS.UNKNOWN;
}

/**
 * What a gRPC client makes of a response that has no `grpc-status` (grpc/doc/http-grpc-status-mapping.md). It is
 * meant for responses of proxies and load balancers: a 200 without a status is no gRPC either.
 */
export function grpcStatusOfHttp(status: number): number {
  switch (status) {
    case 400:
    case 431:
      return GRPC_STATUS.INTERNAL;
    case 401:
      return GRPC_STATUS.UNAUTHENTICATED;
    case 403:
      return GRPC_STATUS.PERMISSION_DENIED;
    case 404:
      return GRPC_STATUS.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return GRPC_STATUS.UNAVAILABLE;
    default:
      return GRPC_STATUS.UNKNOWN;
  }
}
