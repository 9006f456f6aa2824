import type { FilterContext } from "@heddle/engine/filter";
import { Fields, RequestHead } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import { askCluster } from "../ask-cluster/index.ts";
import type { ClusterAnswer } from "../ask-cluster/index.ts";
import { encodeCheckRequest } from "./check-request.ts";
import type { CheckedBody } from "./check-request.ts";
import { readCheckResponse } from "./check-response.ts";
import type { ExternalAuthorizationConfig, GrpcAuthorizationConfig } from "./config.ts";
import type { NoVerdict, Verdict } from "./verdict.ts";

const PATH = "/envoy.service.auth.v3.Authorization/Check";

/** Octets before a message: whether it is compressed, and its length (grpc/doc/PROTOCOL-HTTP2.md). */
const PREFIX_BYTES = 5;

/** A CheckResponse holds fields of one message and at most a page. */
const MAX_ANSWER_BYTES = 1_048_576;

/** Asks by Envoy's protocol. */
export async function askGrpc(
  exchange: Exchange,
  config: ExternalAuthorizationConfig,
  grpc: GrpcAuthorizationConfig,
  body: CheckedBody | null,
  context: FilterContext,
): Promise<Verdict | NoVerdict> {
  const { clock } = context;
  const startedWallMs = clock.wallMs() - (clock.now() - exchange.startedMs);
  const message = frame(encodeCheckRequest(exchange, grpc, body, startedWallMs));
  const answer = await askCluster(
    context,
    config.cluster,
    callHead(exchange, grpc, config.timeoutMs),
    message,
    {
      timeoutMs: config.timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
      signal: exchange.abortSignal(),
    },
  );
  return "failure" in answer ? { failure: answer.failure, isBroken: false } : readAnswer(answer);
}

function callHead(exchange: Exchange, grpc: GrpcAuthorizationConfig, timeoutMs: number): RequestHead {
  const fields = Fields.of([
    ["content-type", "application/grpc"],
    ["grpc-timeout", `${timeoutMs}m`],
    ["user-agent", "heddle"],
  ]);
  if (exchange.traceparent !== "") fields.addTrusted("traceparent", exchange.traceparent);
  const head = new RequestHead("POST", "http", grpc.authority, PATH, "", fields);
  head.acceptsTrailers = true;
  return head;
}

function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/**
 * A status but OK, or none, is the service's failure, not its verdict. The status is in the trailers, once; an answer of
 * trailers alone, which came as its head, has no message.
 */
function readAnswer({ status, fields, trailers, body }: ClusterAnswer): Verdict | NoVerdict {
  if (status !== 200) return { failure: `status-${status}`, isBroken: false };
  const codes = (trailers ?? fields).getAll("grpc-status");
  const code = codes.length === 1 ? codes[0]! : codes.length === 0 ? "none" : "several";
  if (code !== "0") return { failure: `grpc-status-${code}`, isBroken: false };
  const isWhole =
    trailers !== null &&
    body.length >= PREFIX_BYTES &&
    body[0] === 0 &&
    new DataView(body.buffer, body.byteOffset).getUint32(1) === body.length - PREFIX_BYTES;
  return isWhole ? readCheckResponse(body.subarray(PREFIX_BYTES)) : { failure: "malformed", isBroken: true };
}
