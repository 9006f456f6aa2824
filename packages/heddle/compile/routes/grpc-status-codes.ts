import type { TrafficPolicySpec } from "../../resources/index.ts";

type RetriedName = NonNullable<NonNullable<TrafficPolicySpec["retry"]>["grpcCodes"]>[number];

/** The numbers of gRPC statuses that a policy may name (grpc/doc/statuscodes.md). */
export const GRPC_STATUS_CODES: Readonly<Record<RetriedName, number>> = {
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
};
