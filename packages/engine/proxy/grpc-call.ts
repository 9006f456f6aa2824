import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { Exchange, Fields, ResponseHead } from "../message/index.ts";
import {
  formatGrpcTimeout,
  GRPC_STATUS,
  grpcStatusOfHttp,
  parseGrpcStatus,
  parseGrpcTimeout,
} from "../wire/grpc/index.ts";

/**
 * What a gRPC call has beyond an exchange: a deadline of the client's, which the endpoint hears of as far as it is
 * left, and a status, which comes behind the messages. Made only for gRPC calls.
 */
export class GrpcCall {
  private readonly exchange: Exchange;
  /** Clock milliseconds when the client gives up; Infinity without `grpc-timeout`. */
  readonly deadlineMs: number;
  /** `grpc-timeout` is none (PROTOCOL-HTTP2.md). */
  readonly mistake: Fault | null;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    const text = exchange.request.fields.get("grpc-timeout");
    const ms = text === undefined ? Infinity : parseGrpcTimeout(text);
    this.deadlineMs = exchange.startedMs + (ms ?? Infinity);
    this.mistake = ms === null ? makeFault("HDL_REQUEST_MALFORMED", "grpc-timeout is no timeout") : null;
  }

  /** Tells the next attempt's endpoint how long it has. */
  tellTimeout(leftMs: number): void {
    if (leftMs === Infinity) return;
    this.exchange.request.fields.set("grpc-timeout", formatGrpcTimeout(leftMs));
  }

  /**
   * Reads the status where the head has it: a response without messages, or one that is no gRPC, of which a client
   * makes a status of its own. -1: it comes in the trailers.
   */
  readHead(head: ResponseHead, isLast: boolean): number {
    const { exchange } = this;
    exchange.grpcStatus = parseGrpcStatus(head.fields.get("grpc-status"));
    if (exchange.grpcStatus >= 0) return exchange.grpcStatus;
    if (isLast || head.status !== 200) exchange.grpcStatus = grpcStatusOfHttp(head.status);
    return exchange.grpcStatus;
  }

  /** The response is complete. Without a status a client takes it for UNKNOWN; that of gRPC-Web is in the body. */
  readTrailers(trailers: Fields | null): void {
    const { exchange } = this;
    if (exchange.grpcStatus >= 0 || exchange.grpcForm !== "grpc") return;
    exchange.grpcStatus =
      trailers === null ? GRPC_STATUS.UNKNOWN : parseGrpcStatus(trailers.get("grpc-status"));
    if (exchange.grpcStatus < 0) exchange.grpcStatus = GRPC_STATUS.UNKNOWN;
  }
}

/**
 * The endpoint could not do its work at all, as a gateway's 503. DEADLINE_EXCEEDED is none of it: a client with short
 * deadlines would get sound endpoints ejected.
 */
export function isGatewayStatus(grpcStatus: number): boolean {
  return grpcStatus === GRPC_STATUS.UNAVAILABLE;
}

/** The endpoint did not do what it should, as a 5xx, whatever the call. */
export function isServerStatus(grpcStatus: number): boolean {
  switch (grpcStatus) {
    case GRPC_STATUS.UNKNOWN:
    case GRPC_STATUS.INTERNAL:
    case GRPC_STATUS.UNAVAILABLE:
    case GRPC_STATUS.DATA_LOSS:
      return true;
    default:
      return false;
  }
}
