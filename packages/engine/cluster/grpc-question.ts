import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { Fields, LENGTH_UNKNOWN, RequestHead } from "../message/index.ts";
import type { ResponseHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import {
  encodeHealthRequest,
  encodeMessage,
  formatGrpcTimeout,
  HEALTH_CHECK_PATH,
  MessageReader,
  parseGrpcStatus,
  parseHealthResponse,
  SERVING,
} from "../wire/grpc/index.ts";
import type { MessageReaderEvents } from "../wire/grpc/index.ts";
import type { HealthAsker, HealthQuestion } from "./health-question.ts";

/** Octets of an answer that are read: a varint and what later versions may add. */
const MAX_ANSWER_BYTES = 1_024;

/** A call of grpc.health.v1.Health/Check (grpc/doc/health-checking.md). Good is SERVING alone. */
export class GrpcQuestion implements HealthQuestion, UpstreamEvents, MessageReaderEvents {
  private readonly service: string;
  private readonly asker: HealthAsker;
  private stream: UpstreamStream | null = null;
  private reader: MessageReader | null = null;
  private status: number | null = null;
  private usedStale = false;

  constructor(service: string, asker: HealthAsker) {
    this.service = service;
    this.asker = asker;
  }

  ask(): void {
    this.usedStale = false;
    this.send(false);
  }

  giveUp(fault: Fault): void {
    const { stream } = this;
    this.stream = null;
    stream?.reset(fault);
  }

  private send(isFresh: boolean): void {
    const { asker } = this;
    this.status = null;
    this.reader = new MessageReader(this, MAX_ANSWER_BYTES);
    const head = new RequestHead("POST", "http", asker.authority, HEALTH_CHECK_PATH, "", Fields.of([]));
    head.fields.addTrusted("content-type", "application/grpc");
    head.fields.addTrusted("grpc-timeout", formatGrpcTimeout(asker.timeoutMs));
    head.acceptsTrailers = true;
    head.bodyLength = LENGTH_UNKNOWN;
    head.version = 20;
    const opened = asker.call(head, isFresh, this);
    if ("code" in opened) {
      asker.onAnswer(false);
      return;
    }
    this.stream = opened;
    opened.writeBody(encodeMessage(encodeHealthRequest(this.service)));
    opened.writeEnd(null);
    opened.flush();
  }

  private answer(isGood: boolean): void {
    this.stream = null;
    this.asker.onAnswer(isGood);
  }

  // UpstreamEvents

  onInformational(): void {}

  onResponseHead(head: ResponseHead, isLast: boolean): void {
    if (!isLast && head.status === 200) return;
    // A status without a message: the service is not known, or the protocol is not served.
    if (!isLast) this.stream?.reset(makeFault("HDL_UPSTREAM_STATUS", "health check was not answered"));
    this.answer(false);
  }

  onResponseBody(chunk: Uint8Array): void {
    this.reader!.read(chunk);
  }

  onMessage(bytes: Uint8Array, isCompressed: boolean): void {
    this.status = isCompressed ? null : parseHealthResponse(bytes);
  }

  onResponseEnd(trailers: Fields | null): void {
    this.reader!.end();
    const isWhole = this.reader!.mistake === null && parseGrpcStatus(trailers?.get("grpc-status")) === 0;
    this.answer(isWhole && this.status === SERVING);
  }

  onResponseReadDone(): void {}

  onUpstreamDrain(): void {}

  onUpstreamReset(fault: Fault): void {
    if (fault.code === "HDL_UPSTREAM_STALE" && !this.usedStale) {
      this.usedStale = true;
      this.send(true);
      return;
    }
    this.answer(false);
  }
}
