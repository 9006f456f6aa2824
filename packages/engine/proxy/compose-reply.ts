import { makeFault } from "../base/index.ts";
import type { Clock } from "../base/index.ts";
import type { BodySource, Reply } from "../filter/index.ts";
import { Fields, ResponseHead } from "../message/index.ts";
import type { Exchange } from "../message/index.ts";
import { addMissingDate } from "./date-field.ts";
import { asGrpcReply } from "./grpc-reply.ts";
import { rescue } from "./rescue.ts";

/** A reply ready to be sent; the body is null where none goes out. */
export interface ComposedReply {
  readonly head: ResponseHead;
  readonly body: Uint8Array | BodySource | null;
}

/**
 * Gives a reply its framing and its date. A header that no head may hold is its filter's fault, which is answered
 * instead.
 */
export function composeReply(reply: Reply, exchange: Exchange, clock: Clock): ComposedReply {
  const composed = composeFramed(reply, exchange);
  addMissingDate(composed.head.fields, clock);
  return composed;
}

function composeFramed(reply: Reply, exchange: Exchange): ComposedReply {
  try {
    return compose(reply, exchange);
  } catch (error) {
    const fault = makeFault(
      "HDL_FILTER_FAILED",
      "a filter replied with a header that no head may hold",
      error,
    );
    exchange.fault = fault;
    return compose(rescue(fault), exchange);
  }
}

function bodyOf({ body, source }: Reply): Uint8Array | BodySource {
  if (source !== undefined) return source;
  return typeof body === "string" ? Buffer.from(body) : body;
}

function compose(original: Reply, exchange: Exchange): ComposedReply {
  const isHead = exchange.request.method === "HEAD";
  const reply = exchange.grpcForm === "" ? original : asGrpcReply(original, exchange);
  const body = bodyOf(reply);
  const fields = new Fields();
  for (const [name, value] of reply.headers) fields.add(name, value);
  const mayHaveBody = reply.status >= 200 && reply.status !== 204 && reply.status !== 304;
  // A gRPC status without messages is all head: in HTTP/2 the head says so by itself.
  const isAllHead = exchange.grpcForm === "grpc" && body.length === 0 && exchange.request.version === 20;
  if (mayHaveBody && !isAllHead) fields.set("content-length", String(body.length));
  const hasBody = mayHaveBody && !isHead && body.length > 0;
  const head = new ResponseHead(reply.status, fields, hasBody ? body.length : 0);
  return { head, body: hasBody ? body : null };
}
