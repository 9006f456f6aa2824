import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { Fields, LENGTH_UNKNOWN, RequestHead } from "../message/index.ts";
import type { ResponseHead, UpstreamStream } from "../message/index.ts";
import {
  encodeHealthRequest,
  encodeMessage,
  formatGrpcTimeout,
  healthStatusName,
  HEALTH_CHECK_PATH,
  MessageReader,
  parseGrpcStatus,
  parseHealthResponse,
  SERVING,
} from "../wire/grpc/index.ts";
import type { MessageReaderEvents } from "../wire/grpc/index.ts";
import { ExchangeQuestion } from "./exchange-question.ts";
import type { HealthAsker } from "./health-question.ts";

/** Octets of an answer that are read: a varint and what later versions may add. */
const MAX_ANSWER_BYTES = 1_024;

/** A call of grpc.health.v1.Health/Check (grpc/doc/health-checking.md). Good is SERVING alone. */
export class GrpcQuestion extends ExchangeQuestion implements MessageReaderEvents {
  private readonly service: string;
  private reader: MessageReader | null = null;
  private status: number | null = null;

  constructor(service: string, asker: HealthAsker) {
    super(asker);
    this.service = service;
  }

  protected override open(isFresh: boolean): UpstreamStream | Fault {
    const { asker } = this;
    this.status = null;
    this.reader = new MessageReader(this, MAX_ANSWER_BYTES);
    const head = new RequestHead("POST", "http", asker.authority, HEALTH_CHECK_PATH, "", Fields.of([]));
    head.fields.addTrusted("content-type", "application/grpc");
    head.fields.addTrusted("grpc-timeout", formatGrpcTimeout(asker.timeoutMs));
    head.acceptsTrailers = true;
    head.bodyLength = LENGTH_UNKNOWN;
    head.version = 20;
    return asker.call(head, isFresh, this);
  }

  protected override writeRest(stream: UpstreamStream): void {
    stream.writeBody(encodeMessage(encodeHealthRequest(this.service)));
    stream.writeEnd(null);
  }

  // UpstreamEvents

  onResponseHead(head: ResponseHead, isLast: boolean): void {
    if (!isLast && head.status === 200) return;
    // A status without a message: the service is not known, or the protocol is not served.
    if (!isLast) this.stream?.reset(makeFault("HDL_UPSTREAM_STATUS", "health check was not answered"));
    const grpcStatus = parseGrpcStatus(head.fields.get("grpc-status"));
    this.answer(grpcStatus === -1 ? `status ${head.status}, and no gRPC` : `grpc-status ${grpcStatus}`);
  }

  onResponseBody(chunk: Uint8Array): void {
    this.reader!.read(chunk);
  }

  onMessage(bytes: Uint8Array, isCompressed: boolean): void {
    this.status = isCompressed ? null : parseHealthResponse(bytes);
  }

  onResponseEnd(trailers: Fields | null): void {
    this.reader!.end();
    const grpcStatus = parseGrpcStatus(trailers?.get("grpc-status"));
    if (grpcStatus === -1) this.answer("no grpc-status");
    else if (grpcStatus !== 0) this.answer(`grpc-status ${grpcStatus}`);
    else if (this.reader!.mistake !== null || this.status === null)
      this.answer("no message of grpc.health.v1");
    else this.answer(this.status === SERVING ? null : healthStatusName(this.status));
  }
}
