import type { Reply } from "../filter/index.ts";
import { Fields, NAME } from "../message/index.ts";
import type { Exchange, GrpcForm } from "../message/index.ts";
import {
  encodeBase64,
  encodeTrailersFrame,
  grpcStatusFields,
  grpcStatusOfHttp,
  withGrpcForm,
} from "../wire/grpc/index.ts";

const textOf = (body: string | Uint8Array): string =>
  typeof body === "string" ? body : Buffer.from(body).toString("utf8");

/**
 * A reply of ours as a gRPC client reads it: HTTP 200 with the status in the head alone (PROTOCOL-HTTP2.md,
 * "Trailers-Only"), or in the last frame of gRPC-Web's body. What is no error, as a redirect, stays as it is.
 */
export function asGrpcReply(reply: Reply, exchange: Exchange): Reply {
  const form = exchange.grpcForm as Exclude<GrpcForm, "">;
  if (reply.status < 400) return reply;
  const status = reply.grpcStatus ?? grpcStatusOfHttp(reply.status);
  exchange.grpcStatus = status;
  const asked = exchange.request.fields.getKnown(NAME.CONTENT_TYPE) ?? "";
  const headers = reply.headers.filter(([name]) => name !== "content-type" && name !== "content-length");
  const contentType: [string, string] = ["content-type", withGrpcForm(asked, form)];
  const trailers = grpcStatusFields(status, textOf(reply.body));
  if (reply.grpcPushbackMs !== undefined)
    trailers.push(["grpc-retry-pushback-ms", String(reply.grpcPushbackMs)]);
  if (form === "grpc") return { status: 200, headers: [...headers, contentType, ...trailers], body: "" };
  const frame = encodeTrailersFrame(Fields.of(trailers));
  const body = form === "grpc-web-text" ? encodeBase64(frame) : frame;
  return { status: 200, headers: [...headers, contentType], body };
}
