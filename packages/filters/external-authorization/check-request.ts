import type { Exchange, RequestHead } from "@heddle/engine/message";
import type { GrpcAuthorizationConfig } from "./config.ts";
import { MessageWriter } from "./protobuf.ts";

/** What of a request's body goes to the service. */
export interface CheckedBody {
  readonly bytes: Uint8Array;
  /** There is more of it. */
  readonly isPartial: boolean;
}

/**
 * A CheckRequest of envoy.service.auth.v3 (attribute_context.proto):
 *
 *   CheckRequest     { AttributeContext attributes = 1; }
 *   AttributeContext { Peer source = 1; Peer destination = 2; Request request = 4; map<string, string> context_extensions = 10; }
 *   Peer             { Address address = 1; string principal = 4; }
 *   Address          { SocketAddress socket_address = 1; }      SocketAddress { string address = 2; uint32 port_value = 3; }
 *   Request          { Timestamp time = 1; HttpRequest http = 2; }
 *   HttpRequest      { string id = 1; method = 2; map<string, string> headers = 3; path = 4; host = 5; scheme = 6;
 *                      int64 size = 9; string protocol = 10; string body = 11; bytes raw_body = 12; }
 *
 * The path is the normalised one, which upstream and router see too. A body that is no UTF-8 goes as raw_body.
 */
export function encodeCheckRequest(
  exchange: Exchange,
  config: GrpcAuthorizationConfig,
  body: CheckedBody | null,
  wallMs: number,
): Buffer {
  const { peer, clientAddress, principal } = exchange;
  const clientPort = clientAddress === peer.address ? peer.port : 0;
  const attributes = new MessageWriter()
    .message(1, peerMessage(clientAddress, clientPort, principal?.subject ?? ""))
    .message(2, peerMessage(peer.localAddress, peer.localPort, ""))
    .message(
      4,
      new MessageWriter()
        .message(1, timestamp(wallMs))
        .message(2, httpRequest(exchange.request, config.requestHeaders, body)),
    );
  for (const [key, value] of config.contextExtensions) attributes.entry(10, key, value);
  return new MessageWriter().message(1, attributes).toBytes();
}

function peerMessage(address: string, port: number, principal: string): MessageWriter {
  const socket = new MessageWriter().text(2, address).varint(3, port);
  return new MessageWriter().message(1, new MessageWriter().message(1, socket)).text(4, principal);
}

function timestamp(wallMs: number): MessageWriter {
  const seconds = Math.floor(wallMs / 1000);
  return new MessageWriter().varint(1, seconds).varint(2, Math.floor((wallMs - seconds * 1000) * 1e6));
}

const protocols: Readonly<Record<number, string>> = { 10: "HTTP/1.0", 11: "HTTP/1.1", 20: "HTTP/2" };

function httpRequest(
  request: RequestHead,
  names: readonly string[] | null,
  body: CheckedBody | null,
): MessageWriter {
  const target = request.path + request.query;
  const message = new MessageWriter()
    .text(1, request.fields.get("x-request-id") ?? "")
    .text(2, request.method);
  for (const [name, value] of headersOf(request, target, names, body)) message.entry(3, name, value);
  message
    .text(4, target)
    .text(5, request.authority)
    .text(6, request.scheme)
    .varint(9, request.bodyLength)
    .text(10, protocols[request.version] ?? "HTTP/1.1");
  if (body === null) return message;
  return isUtf8(body.bytes) ? message.bytes(11, body.bytes) : message.bytes(12, body.bytes);
}

/** With pseudo-headers, as Envoy sends them, where all are sent. Values of one name are one list (RFC 9110 section 5.3). */
function headersOf(
  request: RequestHead,
  target: string,
  names: readonly string[] | null,
  body: CheckedBody | null,
): Map<string, string> {
  const headers = new Map<string, string>();
  if (names === null) {
    headers.set(":method", request.method).set(":scheme", request.scheme);
    headers.set(":authority", request.authority).set(":path", target);
  }
  request.fields.forEach((name, value) => {
    if (names !== null && !names.includes(name)) return;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}${name === "cookie" ? "; " : ","}${value}`);
  });
  if (body !== null) headers.set("x-envoy-auth-partial-body", String(body.isPartial));
  return headers;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
