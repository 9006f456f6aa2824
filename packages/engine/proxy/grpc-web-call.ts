import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { Fields, LENGTH_UNKNOWN, NAME } from "../message/index.ts";
import type { Exchange, ExchangeEvents, RequestHead, ResponseHead, ResponseSink } from "../message/index.ts";
import {
  Base64Decoder,
  encodeBase64,
  encodeTrailersFrame,
  grpcFormOf,
  withGrpcForm,
} from "../wire/grpc/index.ts";
import { PassingSink } from "./passing-sink.ts";

/** What an exchange inside is to it. */
export interface CallInside extends ExchangeEvents {
  abort(fault: Fault): void;
}

/**
 * A call in gRPC-Web that is gRPC for all that lies behind: router, filters and endpoint. It stands between the
 * listener and the exchange, in both directions:
 *
 *   client ─ base64? ─► content type grpc, octets decoded ─► Flow
 *   client ◄─ base64? ─ trailers as the last frame of the body ◄─ Flow
 *
 * A response that is no gRPC passes as it is.
 */
export class GrpcWebCall extends PassingSink implements ExchangeEvents {
  private readonly decoder: Base64Decoder | null;
  private readonly isTextWanted: boolean;
  private isGrpc = false;
  private inside!: CallInside;

  constructor(exchange: Exchange, sink: ResponseSink) {
    super(sink);
    const { request, grpcForm } = exchange;
    const isText = grpcForm === "grpc-web-text";
    this.decoder = isText ? new Base64Decoder() : null;
    this.isTextWanted = wantsText(request, isText);
    exchange.grpcForm = "grpc";
    toGrpc(request, isText);
  }

  /** Before the exchange starts: it answers at once, perhaps. */
  attach(inside: CallInside): void {
    this.inside = inside;
  }

  // ResponseSink

  override writeHead(head: ResponseHead, isLast: boolean): void {
    const contentType = head.fields.getKnown(NAME.CONTENT_TYPE) ?? "";
    this.isGrpc = grpcFormOf(contentType) === "grpc";
    if (!this.isGrpc) {
      this.sink.writeHead(head, isLast);
      return;
    }
    const { fields } = head;
    fields.set("content-type", withGrpcForm(contentType, this.isTextWanted ? "grpc-web-text" : "grpc-web"));
    fields.delete("content-length");
    head.bodyLength = LENGTH_UNKNOWN;
    if (!isLast) {
      this.sink.writeHead(head, false);
      return;
    }
    const frame = this.encoded(encodeTrailersFrame(takeStatus(fields)));
    head.bodyLength = frame.length;
    fields.set("content-length", String(frame.length));
    this.sink.writeHead(head, false);
    this.sink.writeBody(frame);
    this.sink.writeEnd(null);
  }

  override writeBody(chunk: Uint8Array): void {
    this.sink.writeBody(this.isGrpc ? this.encoded(chunk) : chunk);
  }

  override writeEnd(trailers: Fields | null): void {
    if (!this.isGrpc) {
      this.sink.writeEnd(trailers);
      return;
    }
    if (trailers !== null) this.sink.writeBody(this.encoded(encodeTrailersFrame(trailers)));
    this.sink.writeEnd(null);
  }

  private encoded(bytes: Uint8Array): Uint8Array {
    return this.isTextWanted ? encodeBase64(bytes) : bytes;
  }

  // ExchangeEvents

  onRequestBody(chunk: Uint8Array): void {
    if (this.decoder === null) {
      this.inside.onRequestBody(chunk);
      return;
    }
    const decoded = this.decoder.decode(chunk);
    if (this.decoder.isBroken) this.refuse();
    else if (decoded.length > 0) this.inside.onRequestBody(decoded);
  }

  onRequestEnd(_trailers: Fields | null): void {
    if (this.decoder !== null && !this.decoder.isComplete) this.refuse();
    else this.inside.onRequestEnd(null);
  }

  private refuse(): void {
    this.inside.abort(makeFault("HDL_REQUEST_MALFORMED", "body of application/grpc-web-text is no base64"));
  }

  onRequestReadDone(): void {
    this.inside.onRequestReadDone();
  }

  onResponseDrain(): void {
    this.inside.onResponseDrain();
  }

  onRequestReset(fault: Fault): void {
    this.inside.onRequestReset(fault);
  }

  onFarewell(): void {}
}

/** The client says by Accept whether the response is to be text (PROTOCOL-WEB.md); without it, as the request is. */
function wantsText({ fields }: RequestHead, isText: boolean): boolean {
  const form = grpcFormOf(fields.getList("accept"));
  return form === "" ? isText : form === "grpc-web-text";
}

function toGrpc(request: RequestHead, isText: boolean): void {
  const { fields } = request;
  fields.set("content-type", withGrpcForm(fields.getKnown(NAME.CONTENT_TYPE) ?? "", "grpc"));
  fields.delete("accept");
  fields.delete("x-grpc-web");
  // A browser takes no message apart that is compressed by itself.
  if (!fields.has("grpc-accept-encoding")) fields.addTrusted("grpc-accept-encoding", "identity");
  request.acceptsTrailers = true;
  if (!isText || request.bodyLength === 0) return;
  request.bodyLength = LENGTH_UNKNOWN;
  fields.delete("content-length");
}

/** What of a head without messages is its status: a page sees headers only where CORS exposes them. */
function takeStatus(fields: Fields): Fields {
  const status = new Fields();
  for (const name of ["grpc-status", "grpc-message", "grpc-status-details-bin"]) {
    const value = fields.get(name);
    if (value === undefined) continue;
    status.addTrusted(name, value);
    fields.delete(name);
  }
  return status;
}
