import type { Fault } from "../base/index.ts";
import type { Credentials } from "./credentials.ts";
import type { FieldBlock, Fields } from "./fields.ts";
import type { Principal } from "./principal.ts";
import type { RequestHead, ResponseHead } from "./head.ts";

/** What is known of the connection that a request came by. One object per connection, shared by its exchanges. */
export interface Peer {
  /** Textual IP address; an IPv4 one is never written as ::ffff:. "" for an in-process caller or a unix socket. */
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly tls: PeerTls | null;
  /** Where the client connected to, if a proxy in front said so (PROXY protocol). Absent: to the local address. */
  readonly destination?: { readonly address: string; readonly port: number };
  /** What the proxy keeps from one request of the connection to the next; absent: nothing is kept. */
  readonly memo?: PeerMemo;
}

/**
 * What is kept with a client's connection: the forwarding fields of its last request, good while listener settings and
 * authority stay; and what is to end with it.
 */
export class PeerMemo {
  maker: object | null = null;
  authority = "";
  block: FieldBlock | null = null;
  isGone = false;
  private ends: (() => void)[] | null = null;

  /** `end` is called when the client's connection is gone. */
  onGone(end: () => void): void {
    (this.ends ??= []).push(end);
  }

  /** By the connection's owner, when it is closed. */
  close(): void {
    this.isGone = true;
    const { ends } = this;
    this.ends = null;
    if (ends !== null) for (const end of ends) end();
  }
}

export interface PeerTls {
  /** "TLSv1.3" */
  readonly version: string;
  readonly cipher: string;
  /** Server name that the client asked for, lower-case; "" when it sent none. */
  readonly serverName: string;
  /** Negotiated ALPN protocol; "" for none. */
  readonly alpn: string;
  readonly isResumed: boolean;
  /** What the client showed, asked for when somebody looks; null or absent: none, or a resumed session, which shows none. */
  readonly clientCertificate?: PeerCertificate | null;
}

/** A client's certificate, read. */
export interface PeerCertificate {
  /** Its chain leads to an authority of the listener. False: anybody may have made it. */
  readonly isVerified: boolean;
  /** May sign others: no client's own. */
  readonly isAuthority: boolean;
  /** "CN=orders, O=Shop" */
  readonly subject: string;
  readonly issuer: string;
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** SHA-256 of its DER, in lower-case hex. */
  readonly fingerprint: string;
  /** The same of those that it was issued by, up to the root that is trusted. */
  readonly issuers: readonly string[];
}

export const IN_PROCESS_PEER: Peer = { address: "", port: 0, localAddress: "", localPort: 0, tls: null };

/**
 * Where an exchange's response goes: a listener's codec, or a caller in this process. The proxy calls it; it
 * answers through ExchangeEvents.
 *
 *   writeInformational* → writeHead → writeBody* → writeEnd        reset may come at any point, then nothing more
 *
 * Writes are gathered; nothing need leave before `flush`. A chunk is valid during the call only.
 */
export interface ResponseSink {
  /** 1xx other than 101. */
  writeInformational(head: ResponseHead): void;
  /** `isLast`: no body and no trailers follow, `writeEnd` is not called. */
  writeHead(head: ResponseHead, isLast: boolean): void;
  writeBody(chunk: Uint8Array): void;
  writeEnd(trailers: Fields | null): void;
  /** Sends what was gathered. False: more than the high-water mark waits, hold until `onResponseDrain`. */
  flush(): boolean;
  /** Ends the exchange visibly broken: the client must not take what it got for a whole response. */
  reset(fault: Fault): void;
  pauseRequestBody(): void;
  resumeRequestBody(): void;
}

/** What a listener's codec, or a caller in this process, tells the proxy about an exchange it opened. */
export interface ExchangeEvents {
  /** Valid during the call only. */
  onRequestBody(chunk: Uint8Array): void;
  onRequestEnd(trailers: Fields | null): void;
  /** The burst of bytes that was read is worked off: a good moment to flush towards the upstream. */
  onRequestReadDone(): void;
  /** What `flush` held back is gone: go on. */
  onResponseDrain(): void;
  /** The client is gone, or broke the protocol after the head. Nothing more will be read or can be written. */
  onRequestReset(fault: Fault): void;
  /** The client's connection will be cut soon: a tunnel that can says goodbye to both ends, and takes their answers. */
  onFarewell(): void;
}

/**
 * The proxy's hold on one attempt at an endpoint: an HTTP/1.1 connection checked out of a pool, an HTTP/2 stream.
 * It answers through UpstreamEvents.
 */
export interface UpstreamStream {
  /** The request may still turn out to have been processed by nobody: its body is kept for another attempt. */
  readonly mayBeUnsent: boolean;
  writeBody(chunk: Uint8Array): void;
  writeEnd(trailers: Fields | null): void;
  /** As ResponseSink.flush. */
  flush(): boolean;
  /** Gives up: an HTTP/1.1 connection is closed, a stream reset. No event comes after it. */
  reset(fault: Fault): void;
  pauseResponseBody(): void;
  resumeResponseBody(): void;
}

export interface UpstreamEvents {
  /** 1xx other than 101. */
  onInformational(head: ResponseHead): void;
  /** `isLast`: no body and no trailers follow, `onResponseEnd` is not called. */
  onResponseHead(head: ResponseHead, isLast: boolean): void;
  /** Valid during the call only. */
  onResponseBody(chunk: Uint8Array): void;
  onResponseEnd(trailers: Fields | null): void;
  /** The burst of bytes that was read is worked off: a good moment to flush towards the client. */
  onResponseReadDone(): void;
  onUpstreamDrain(): void;
  /** The attempt failed; also after the head, when a body ends before its time. */
  onUpstreamReset(fault: Fault): void;
}

/** Names and shared-memory indexes of what an exchange was matched to. */
export interface MatchInfo {
  readonly listener: string;
  readonly listenerIndex: number;
  /** "namespace/name" of the route; "" before a match. */
  readonly route: string;
  /** Rule name, or its number. */
  readonly rule: string;
  readonly routeIndex: number;
}

/** The beginning of a body; the bytes are the receiver's. */
export interface BodyStart {
  readonly bytes: Uint8Array;
  /** There is no more of it. */
  readonly isWhole: boolean;
}

/** Where the body of a request comes from. */
export interface BodySource {
  /**
   * Its first `maxBytes`, once they are there or it has ended, while the request's head waits; it goes on as it came
   * afterwards. For head phases of filters, one at a time. Null: the exchange ended before.
   */
  peek(maxBytes: number): Promise<BodyStart | null>;
}

/**
 * What kind of gRPC call a request is by its content type: over HTTP/2 as it is, gRPC-Web with a binary body or a
 * base64 one, or none.
 */
export type GrpcForm = "" | "grpc" | "grpc-web" | "grpc-web-text";

/**
 * One request in flight with its response, whatever the protocol: the record that filters, balancers and the
 * access log look at. It has no behaviour; `proxy/` drives it. Not reused: a late reader sees a finished exchange,
 * never somebody else's.
 */
export class Exchange {
  readonly request: RequestHead;
  /** The final response head once there is one. */
  response: ResponseHead | null = null;
  readonly peer: Peer;
  match: MatchInfo;
  /** The prefix or exact path that the route matched; what URLRewrite and redirect replace. */
  matchedPath = "";
  /** As received, for logs and for filters that a rewrite must not deceive. */
  readonly originalPath: string;
  readonly originalAuthority: string;
  /** Client address after trusted hops; the peer's where none is trusted. */
  clientAddress: string;
  principal: Principal | null = null;
  /** What authenticators found, from the first of them to the filter that decides for them. */
  credentials: Credentials | null = null;
  /** Typed slots, reserved when the chain is built; see filter/. */
  slots: unknown[] | null = null;
  fault: Fault | null = null;
  /** In which form the client gets answers of Heddle's own. */
  grpcForm: GrpcForm = "";
  /** grpc-status of the response's trailers, or of its head when there are none; -1 when it has none. */
  grpcStatus = -1;
  cluster = "";
  clusterIndex = -1;
  /** "address:port" of the endpoint of the last attempt. */
  endpoint = "";
  endpointIndex = -1;
  attempts = 0;
  /** How long a fault that was injected held it up; 0: none did. */
  injectedDelayMs = 0;
  /** Body octets, without framing. */
  requestBytes = 0;
  responseBytes = 0;
  /** Clock milliseconds (monotonic) of the head's last byte, and of the response head's arrival (0: none). */
  readonly startedMs: number;
  upstreamStartedMs = 0;
  responseHeadMs = 0;
  endedMs = 0;
  /** The traceparent that goes out (W3C Trace Context), "00-<32 hex>-<16 hex>-<2 hex>"; "" when tracing is off. */
  traceparent = "";
  /** Null: the request is all head. */
  bodySource: BodySource | null = null;
  /** Set lazily by `abortSignal`. */
  private controller: AbortController | null = null;
  isEnded = false;
  /** Version of the Snapshot that its request was matched in: its counters' places are kept until it ends. */
  snapshotVersion = 0;

  constructor(
    request: RequestHead,
    peer: Peer,
    match: MatchInfo,
    startedMs: number,
    originalPath: string = request.path,
    originalAuthority: string = request.authority,
  ) {
    this.request = request;
    this.peer = peer;
    this.match = match;
    this.originalPath = originalPath;
    this.originalAuthority = originalAuthority;
    this.clientAddress = peer.address;
    this.startedMs = startedMs;
  }

  /** 32 hex digits; "" when tracing is off. */
  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  /** 16 hex digits; "" when tracing is off. */
  get spanId(): string {
    return this.traceparent.slice(36, 52);
  }

  /** Fires when the exchange ends, however it ends; for waits of filters. */
  abortSignal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.isEnded) this.controller.abort();
    return this.controller.signal;
  }

  /** @internal by the proxy, once */
  markEnded(nowMs: number): void {
    this.isEnded = true;
    this.endedMs = nowMs;
    this.controller?.abort();
  }
}
