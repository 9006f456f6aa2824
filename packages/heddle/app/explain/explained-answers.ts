import { FAULTS, type FaultCode } from "@heddle/engine/base";
import type { RequestHead } from "@heddle/engine/message";
import { GRPC_STATUS_NAMES, grpcFormOfRequest } from "@heddle/engine/wire/grpc";

/** What a client sees where its request goes to no endpoint: "404", or what a gRPC client makes of the answer. */
export interface ExplainedAnswers {
  readonly noRoute: string;
  readonly noBackend: string;
  readonly noEndpoints: string;
}

/** Faults reach gRPC clients as gRPC statuses (docs/reference/grpc.md). */
export function answersTo(head: RequestHead): ExplainedAnswers {
  const isCall = grpcFormOfRequest(head) !== "";
  const answerOf = (code: FaultCode): string => {
    const { status, grpc } = FAULTS[code];
    return isCall ? `grpc-status ${grpc} ${GRPC_STATUS_NAMES[grpc]} in HTTP 200` : String(status);
  };
  return {
    noRoute: answerOf("HDL_NO_ROUTE"),
    noBackend: answerOf("HDL_BACKEND_UNRESOLVED"),
    noEndpoints: answerOf("HDL_NO_ENDPOINTS"),
  };
}
