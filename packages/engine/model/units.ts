/**
 * The Snapshot: what a data plane needs to know, as plain data in named, content-hashed units. Workers, the feed
 * and the copy on disk all receive the same units and deltas of them.
 */

import type { PriorityName } from "./priority.ts";

/** Key of a unit: its kind and name. Names are stable across versions, so that a delta replaces by key. */
export type UnitKey = string;

export function unitKey(unit: { kind: Unit["kind"]; name: string }): UnitKey {
  return `${unit.kind}:${unit.name}`;
}

export type Unit =
  | ListenerUnit
  | RouteUnit
  | StreamRouteUnit
  | ClusterUnit
  | EndpointsUnit
  | SecretUnit
  | AuthoritiesUnit
  | AcmeChallengeUnit
  | DataUnit;

/** One bound address and port. Several Gateway listeners may share it, told apart by host name (or SNI). */
export interface ListenerUnit {
  readonly kind: "listener";
  /** "address/port": "[::]/8080", "127.80.0.1/443"; of UDP "[::]/53/udp". */
  readonly name: string;
  /** IP to bind; "::" is dual-stack. */
  readonly address: string;
  readonly port: number;
  /** HTTPS has servers of HTTPS and TLS listeners; TCP and UDP have one server. */
  readonly protocol: "HTTP" | "HTTPS" | "TCP" | "UDP";
  /** The first by precedence first. At most one has each hostname. */
  readonly servers: readonly ServerSpec[];
  /** For all connections that are decrypted here. Default: clients are not asked. */
  readonly clientValidation?: ClientValidation;
  readonly settings: ListenerSettings;
}

export interface ServerSpec {
  /**
   * "namespace/gateway/listener", or "namespace/gateway/namespace/listenerset/listener": the id that routes attach
   * to, and of counters.
   */
  readonly id: string;
  /** "" for every host, "shop.example", "*.example". Lower-case. */
  readonly hostname: string;
  readonly tls: ServerTls | null;
  /**
   * Absent where it takes requests. Else connections go on as they are: "opened" as TCP, or as what TLS carried;
   * "passthrough" as TLS that nobody opens here.
   */
  readonly stream?: "opened" | "passthrough";
}

/** How clients of a bound port are asked for certificates. */
export interface ClientValidation {
  /** PEM of the authorities that may have signed them. */
  readonly caPem: string;
  /** "AllowInsecureFallback" asks, and takes every client. */
  readonly mode: "AllowValidOnly" | "AllowInsecureFallback";
}

export interface ServerTls {
  /** Names of secret units, in order of preference; the first whose certificate names match the SNI serves. */
  readonly certificates: readonly string[];
  /** Default TLSv1.2. */
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** ALPN protocols that are spoken, the preferred one first. Default ["h2", "http/1.1"]. */
  readonly alpn: readonly string[];
}

/** Limits and habits of one listener; each has the default of `DEFAULT_LISTENER_SETTINGS`. */
export interface ListenerSettings {
  /** Octets of a request head, request line included. */
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  /** Octets of the request target. */
  readonly maxTargetBytes: number;
  readonly headTimeoutMs: number;
  /** Whole request, head and body; not for upgrades. */
  readonly requestTimeoutMs: number;
  /** Slowest body, measured after `bodyRateGraceMs`. */
  readonly minBodyBytesPerSecond: number;
  readonly bodyRateGraceMs: number;
  readonly keepAliveIdleMs: number;
  /** An exchange in which no byte moves either way; off for upgraded connections. */
  readonly streamIdleMs: number;
  readonly tlsHandshakeMs: number;
  readonly maxTlsHandshakes: number;
  /** From the connection to the end of its PROXY protocol header, where one is expected. */
  readonly proxyHeaderTimeoutMs: number;
  readonly maxConnections: number;
  /** A TCP or TLS connection that is passed on as it is, in which no byte moves either way. */
  readonly tcpIdleMs: number;
  /** A UDP client without a datagram either way. */
  readonly udpIdleMs: number;
  /** UDP clients at a time. */
  readonly maxUdpSessions: number;
  /** Request body octets; 0 for no bound (the default: bodies stream). */
  readonly maxBodyBytes: number;
  /** Reading stops above this many octets waiting in a direction. */
  readonly highWaterBytes: number;
  /** Requests on one connection before it is closed; 0 for no bound. */
  readonly maxRequestsPerConnection: number;
  /** Of HTTP/1.1 (HTTP/2 has its own), give or take a tenth: the next response asks the client to connect anew; 0 for never. */
  readonly maxConnectionAgeMs: number;
  /** Protocols that an Upgrade may name, lower-case. h2c is never allowed. */
  readonly upgrades: readonly string[];
  /** `%2F`, `%5C`, `%00` and a backslash in a path: refused unless "keep". */
  readonly escapedSlashes: "refuse" | "keep";
  readonly forwarded: ForwardedSettings;
  readonly proxyProtocol: ProxyProtocolSettings;
  readonly overload: OverloadSettings;
  readonly http2: Http2ListenerSettings;
}

/** What happens when there is more to do than can be done. */
export interface OverloadSettings {
  /**
   * Requests are refused while they wait longer than this for the event loop, in the median; 0 for never. A worker has
   * one loop: the shortest of its listeners holds for all.
   */
  readonly targetDelayMs: number;
  /** Lower-case name of the field by which `trustedSources` say how important a request is; "" for none. */
  readonly priorityHeader: string;
  /** Addresses and CIDR ranges; the field of others is dropped. */
  readonly trustedSources: readonly string[];
}

/** What an HTTP/2 connection of a client may have and cost. Streams have the limits of requests besides. */
export interface Http2ListenerSettings {
  /** Requests at a time (SETTINGS_MAX_CONCURRENT_STREAMS). */
  readonly maxStreams: number;
  /** Octets of body that a client may send ahead, on one stream and on all of them. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** Streams reset, by either side: a second, on average. */
  readonly maxResetsPerSecond: number;
  /** PING, SETTINGS, PRIORITY, WINDOW_UPDATE without need, empty frames: a second, on average. */
  readonly maxControlFramesPerSecond: number;
  /** CONTINUATION frames of one field block. */
  readonly maxContinuations: number;
  /** A response that waits for the client's window, and gets none. */
  readonly stalledWindowMs: number;
  /** With requests in flight and nothing heard for so long, a PING asks whether the client is there; 0 for never. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** After this time, give or take a tenth, the client is asked to connect anew, so that load evens out; 0 for never. */
  readonly maxConnectionAgeMs: number;
}

/** Whether connections begin with a PROXY protocol header, of either version, that says who the client is. */
export interface ProxyProtocolSettings {
  /** Addresses and CIDR ranges that must send one, and are believed; nobody, and no header is expected, when empty. */
  readonly trustedSources: readonly string[];
  /** Everybody else: turned away, or taken without a header, as the client that its connection comes from. */
  readonly others: "refuse" | "plain";
  /** Where; everywhere when empty. */
  readonly ports: readonly number[];
}

export interface ForwardedSettings {
  /** Headers that Heddle sets towards the upstream. */
  readonly xForwarded: boolean;
  readonly forwarded: boolean;
  /** The received-by name of Via (RFC 9110 section 7.6.3); "" for none. */
  readonly via: string;
  /** Addresses and CIDR ranges of proxies in front whose X-Forwarded-* are believed and appended to. */
  readonly trustedHops: readonly string[];
}

export const DEFAULT_LISTENER_SETTINGS: ListenerSettings = {
  maxHeadBytes: 61_440,
  maxFields: 100,
  maxTargetBytes: 16_384,
  headTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  minBodyBytesPerSecond: 500,
  bodyRateGraceMs: 10_000,
  keepAliveIdleMs: 60_000,
  streamIdleMs: 300_000,
  tlsHandshakeMs: 5_000,
  maxTlsHandshakes: 1_000,
  proxyHeaderTimeoutMs: 5_000,
  maxConnections: 20_000,
  tcpIdleMs: 3_600_000,
  udpIdleMs: 30_000,
  maxUdpSessions: 10_000,
  maxBodyBytes: 0,
  highWaterBytes: 32_768,
  maxRequestsPerConnection: 0,
  maxConnectionAgeMs: 1_800_000,
  upgrades: ["websocket"],
  escapedSlashes: "refuse",
  forwarded: { xForwarded: true, forwarded: false, via: "", trustedHops: [] },
  proxyProtocol: { trustedSources: [], others: "refuse", ports: [] },
  overload: { targetDelayMs: 100, priorityHeader: "", trustedSources: [] },
  http2: {
    maxStreams: 100,
    streamWindowBytes: 65_536,
    connectionWindowBytes: 1_048_576,
    maxResetsPerSecond: 100,
    maxControlFramesPerSecond: 100,
    maxContinuations: 8,
    stalledWindowMs: 30_000,
    pingIntervalMs: 30_000,
    pingTimeoutMs: 10_000,
    maxConnectionAgeMs: 1_800_000,
  },
};

/** One HTTPRoute or GRPCRoute as attached: where, for which hosts, and its rules. */
export interface RouteUnit {
  readonly kind: "route";
  /**
   * "namespace/name" of an HTTPRoute, "grpcroute/namespace/name" of a GRPCRoute. With "@upstream" after it for further
   * Gateways, whose upstream settings or client certificates differ from those of the first.
   */
  readonly name: string;
  readonly attachments: readonly RouteAttachment[];
  readonly rules: readonly RouteRule[];
  /** Ties between equal matches: the older first, then the lower name. Milliseconds since the epoch; 0 is oldest. */
  readonly createdMs: number;
}

/** One TCPRoute, TLSRoute or UDPRoute as attached: which connections, and where they go. */
export interface StreamRouteUnit {
  readonly kind: "stream-route";
  /** "tcproute/namespace/name" */
  readonly name: string;
  /** Hostnames are those that clients name in TLS; [""] for TCP. */
  readonly attachments: readonly RouteAttachment[];
  readonly rule: string;
  readonly backends: readonly StreamBackendSpec[];
  /** Without an octet or a datagram either way for so long it ends. Default: the listener's. */
  readonly idleMs?: number;
  /** As RouteUnit's. */
  readonly createdMs: number;
}

export interface StreamBackendSpec {
  /** Null when the reference does not resolve: its share of connections is closed. */
  readonly cluster: string | null;
  readonly weight: number;
}

export interface RouteAttachment {
  /** ServerSpec.id */
  readonly server: string;
  /** Route hostnames intersected with the listener's: "" (any), exact or "*.x"; lower-case; never empty. */
  readonly hostnames: readonly string[];
}

export interface RouteRule {
  /** The rule's name, or its number as text. */
  readonly name: string;
  /** Any of them; never empty (the default is the prefix "/"). */
  readonly matches: readonly RouteMatch[];
  readonly filters: readonly FilterSpec[];
  readonly backends: readonly BackendSpec[];
  /** Whole exchange, until the last byte of the response; 0 for none. */
  readonly requestTimeoutMs: number;
  /** One attempt; 0 for none. */
  readonly backendRequestTimeoutMs: number;
  readonly retry: RetrySpec | null;
  readonly sessionPersistence: SessionPersistenceSpec | null;
  /** Calls in gRPC-Web go to the backends as gRPC. Default: as they are. */
  readonly translatesGrpcWeb?: boolean;
  /** Default: there is one attempt at a time. */
  readonly hedge?: HedgeSpec;
  /** While load is shed. Default "Normal". */
  readonly priority?: PriorityName;
}

export interface RouteMatch {
  readonly path: PathMatch | CallMatch;
  /** "" for any. */
  readonly method: string;
  /** Lower-case names. */
  readonly headers: readonly ValueMatch[];
  readonly queryParams: readonly ValueMatch[];
}

export interface PathMatch {
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
}

/** Of a GRPCRoute: gRPC calls alone, by service and method. Routes of one host have either these or paths. */
export interface CallMatch {
  readonly type: "Call";
  /** For people: "/shop.Orders/Get", with "*" for any. */
  readonly value: string;
  /** "" for any. */
  readonly service: string;
  readonly method: string;
  /** Both are regular expressions. */
  readonly isPattern: boolean;
}

export interface ValueMatch {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

/** A filter to build: which factory, with what plain configuration. */
export interface FilterSpec {
  /** Name in the filter registry: "header-modifier", "redirect", "rewrite", "mirror", "cors" … */
  readonly name: string;
  readonly config: unknown;
  /** What it is called by in counters and logs. Default: its name. */
  readonly countsAs?: string;
}

export interface BackendSpec {
  /** Cluster name; null when the reference does not resolve: its share of requests gets `status`. */
  readonly cluster: string | null;
  readonly weight: number;
  readonly filters: readonly FilterSpec[];
  /** Status for requests when cluster is null: 500 (Gateway API). */
  readonly status: number;
  /** For its requests, in place of the rule's. Default: those of the rule. */
  readonly limits?: RequestLimits;
}

/** How long a request may take, and what of it is tried again. */
export interface RequestLimits {
  /** From the request's head to the last octet of the response. 0: no bound. */
  readonly requestTimeoutMs: number;
  /** The same of one attempt. */
  readonly backendRequestTimeoutMs: number;
  /** Null: what is safe, twice. */
  readonly retry: RetrySpec | null;
}

export interface RetrySpec {
  /** Response codes retried; connection failures that are safe to retry always are. */
  readonly codes: readonly number[];
  /** gRPC status codes retried where no message of the response has come; none by default. */
  readonly grpcCodes?: readonly number[];
  /** Attempts after the first. */
  readonly attempts: number;
  /** Pause before the first retry, doubled for each further one, with jitter. 0: at once. */
  readonly backoffMs: number;
  /** Codes of faults after which it is tried again, where that is safe. Default: all of them. */
  readonly faults?: readonly string[];
  /** Requests that may have had an effect are sent again too, whatever their method. Default: they are not. */
  readonly repeatsEffects?: boolean;
  /**
   * Answers of a known length up to this are passed on when they are whole, so that one that breaks off within can be
   * tried again. Default 0: they are passed on as they come.
   */
  readonly holdBytes?: number;
  /** Waits as Retry-After says; an answer that asks for more than can be waited goes out. Default: it is not read. */
  readonly obeysRetryAfter?: boolean;
}

/** Attempts at other endpoints beside one that has no answer yet; the first answer counts. */
export interface HedgeSpec {
  /** After so long without a response head. */
  readonly delayMs: number;
  /** In place of `delayMs`: when so many of the cluster's requests, in percent, had theirs; 0: `delayMs` counts. */
  readonly percentile: number;
  /** Under way at a time, the first one included. */
  readonly maxAttempts: number;
}

/** GEP-1619. */
export interface SessionPersistenceSpec {
  /** Cookie or header name. */
  readonly name: string;
  readonly type: "Cookie" | "Header";
  /** 0: a session cookie. */
  readonly absoluteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly isPermanent: boolean;
}

export interface ClusterUnit {
  readonly kind: "cluster";
  /** "service/namespace/name/port" or "backend/namespace/name". */
  readonly name: string;
  /**
   * HTTP/1.1; HTTP/2, in clear text by prior knowledge; or what ALPN agrees on, which takes TLS.
   */
  readonly protocol: ClusterProtocol;
  /** Name of the endpoints unit. */
  readonly endpoints: string;
  readonly balancing: BalancingSpec;
  readonly tls: ClusterTls | null;
  readonly settings: ClusterSettings;
  /**
   * The PROXY protocol's header that connections begin with, of that version: each then carries what one connection of
   * a client sends, and no other's. Absent: none.
   */
  readonly proxyProtocol?: "v1" | "v2";
  /** Absent: health is known from traffic alone. */
  readonly healthCheck?: HealthCheckSpec;
}

/** How a cluster chooses among its endpoints; what is absent is off, and costs nothing. */
export interface BalancingSpec {
  readonly algorithm: BalancingAlgorithm;
  /** The key of a request, for the two that hash; without one they choose by chance. */
  readonly hash?: HashKeySpec;
  /** Places on the ring of "ring-hash". Default 512 to 1,048,576. */
  readonly ringHash?: RingHashSpec;
  /** Places in the table of "maglev", a prime. Default 65,537. */
  readonly maglev?: { readonly tableSize: number };
  /** Not with the two that hash: it would move keys. */
  readonly slowStart?: SlowStartSpec;
  readonly zone?: ZoneSpec;
  /** Default 140 and 50 where endpoints have priorities or a zone is preferred; else all are one level without panic. */
  readonly failover?: FailoverSpec;
  /** Endpoints without all of these labels are none of the cluster's. */
  readonly subset?: Readonly<Record<string, string>>;
  /** Sessions stay with their endpoint, whichever rule leads here; a rule's own persistence goes before it. */
  readonly sticky?: SessionPersistenceSpec;
}

export type BalancingAlgorithm =
  | "peak-ewma"
  | "least-request"
  | "round-robin"
  | "random"
  | "ring-hash"
  | "maglev";

/** Where a request's key is. A request without it has none. */
export interface HashKeySpec {
  /** "source" is the client's address after trusted hops; "path" has no query. */
  readonly on: "header" | "cookie" | "source" | "query" | "path";
  /** Of the header (lower-case), cookie or query parameter; else "". */
  readonly name: string;
  /** A cookie that a client does not send yet is made, and set. Absent: it is not. */
  readonly cookie?: AffinityCookieSpec;
  /** No endpoint gets a request while it has more than this share of the mean in flight; above 100. Absent: no bound. */
  readonly maxLoadPercent?: number;
}

export interface AffinityCookieSpec {
  /** 0: until the browser is closed. */
  readonly ttlMs: number;
  readonly path: string;
}

export interface RingHashSpec {
  readonly minimumSize: number;
  readonly maximumSize: number;
}

/** An endpoint that joins or recovers gets its share bit by bit: weight × max(minimum, (age ÷ window)^(1 ÷ aggression)). */
export interface SlowStartSpec {
  readonly windowMs: number;
  /** 1: in a line; above it faster at first. */
  readonly aggression: number;
  readonly minimumWeightPercent: number;
}

/** Nearby endpoints go first. */
export interface ZoneSpec {
  /** "strict": those of other zones are none of the cluster's. */
  readonly mode: "prefer" | "strict";
  /**
   * When other zones get requests: "capacity" also as far as this zone has less than its share of endpoints, callers
   * being as many in each zone; "outage" only as far as its own are unavailable (Kubernetes' PreferSameZone).
   */
  readonly spillover: "capacity" | "outage";
  /** Endpoints of the same node go before those of the zone (PreferSameNode). With "outage" alone. */
  readonly isNodeFirst: boolean;
  /** Where this data plane is; "" where it does not know: then nothing is near. */
  readonly zone: string;
  readonly node: string;
}

/** As Envoy has it. */
export interface FailoverSpec {
  /** A level is taken for whole while this many times its available share is 100 %; what is missing goes to the next. */
  readonly overprovisioningPercent: number;
  /** Below this available share, and with no other level to make up for it, all endpoints of a level are used; 0: only when none is available. */
  readonly panicThresholdPercent: number;
}

export const DEFAULT_FAILOVER: FailoverSpec = { overprovisioningPercent: 140, panicThresholdPercent: 50 };

/** How endpoints are asked whether they serve, by one worker for all: by `http`, by `grpc`, else by a connection. */
export interface HealthCheckSpec {
  readonly http?: HttpHealthSpec;
  /** The gRPC health protocol. `service` "" for the server as a whole. */
  readonly grpc?: { readonly service: string };
  /** Of the checks; 0 for the endpoint's own. */
  readonly port: number;
  readonly intervalMs: number;
  /** The interval is so much longer or shorter, at random. */
  readonly jitterMs: number;
  readonly timeoutMs: number;
  /** Answers in a row; the very first decides at once. */
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

/** A GET, in the HTTP version of the cluster. */
export interface HttpHealthSpec {
  /** "" for the endpoint's name, or the one that its certificate is checked for. */
  readonly host: string;
  /** With a query where there is one. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Good ones, from and to. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  /** A text that the body has in its first 64 KiB; "" for any. */
  readonly body: string;
}

export type ClusterProtocol = "http1" | "http2" | "auto";

export interface ClusterTls {
  /** SNI, and the name checked in the certificate where there are no `subjectAltNames`. */
  readonly serverName: string;
  /** Of which the certificate must have one; the server name is then no authentication. Default none. */
  readonly subjectAltNames?: readonly AltName[];
  /** Why no connection may be made: the policy that asks for TLS cannot be followed. Default: none. */
  readonly refusal?: string;
  /** PEM of trusted roots; null for the system's, see AuthoritiesUnit. */
  readonly caPem: string | null;
  readonly insecureSkipVerify: boolean;
  /** Name of the secret unit that is shown to servers which ask for a certificate. Default none. */
  readonly clientCertificate?: string;
}

/** A name that a peer's certificate may have. A host name may begin with "*."; URIs are compared letter by letter. */
export interface AltName {
  readonly type: "Hostname" | "URI";
  readonly value: string;
}

/** When TCP asks a silent peer whether it is there. Whole seconds; nine questions without an answer break the connection. */
export interface TcpKeepAlive {
  readonly timeMs: number;
  readonly intervalMs: number;
}

export interface ClusterSettings {
  readonly connectTimeoutMs: number;
  /** Kept-alive upstream connection without use. Shorter than usual servers' 60–75 s, and than Node's 5 s hint when sent. */
  readonly idleTimeoutMs: number;
  readonly maxConnectionsPerEndpoint: number;
  /** Of HTTP/1.1 (HTTP/2 has its own): it takes no further request then. Default: no bound. */
  readonly maxConnectionAgeMs?: number;
  /** How much longer or shorter ages of connections are, at random. Default: a tenth. */
  readonly connectionAgeJitterMs?: number;
  /** Requests of one connection. Default: no bound. */
  readonly maxRequestsPerConnection?: number;
  /** Connections to each endpoint that serves, per worker, made in advance. Default: none. */
  readonly warmConnections?: number;
  /** Default: TCP does not ask. */
  readonly tcpKeepAlive?: TcpKeepAlive;
  /** Requests in flight to all endpoints; more are refused. Default: no bound. */
  readonly maxRequests?: number;
  /** Retries under way or waited for; no more are made. Default: no bound. */
  readonly maxRetries?: number;
  /** Requests that wait for a connection where endpoints have all they may. Default: they are refused. */
  readonly maxPending?: number;
  /** Default: off. */
  readonly adaptiveConcurrency?: AdaptiveConcurrencySpec;
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  /** Retries as a share of requests over the last 10 s, beside `retryBudgetMinPerSecond`. */
  readonly retryBudgetRatio: number;
  readonly retryBudgetMinPerSecond: number;
  /** Default: 10 s. */
  readonly retryBudgetWindowMs?: number;
  /** Consecutive connect failures or gateway faults (502, 503, 504, resets) that eject an endpoint; 0 for never. */
  readonly ejectAfterFaults: number;
  /** Of these, connections that fail or break and attempts without an answer, in a row of their own. Default: one row. */
  readonly ejectAfterLocalFaults?: number;
  /** Endpoints that do worse than the others over an interval are ejected too. Default: they are not compared. */
  readonly successRateOutliers?: OutlierSpec;
  readonly latencyOutliers?: OutlierSpec;
  /** First ejection; grows by itself with each further one, to `maxEjectMs`. Then it is probed by one request. */
  readonly ejectMs: number;
  /** Default: ten times the first. */
  readonly maxEjectMs?: number;
  /** Never more than this share of the endpoints (0–1), and never the last one. */
  readonly maxEjectedShare: number;
  readonly highWaterBytes: number;
  readonly http2: Http2ClusterSettings;
}

/** When an endpoint is too far off the others of its cluster; per worker. */
export interface OutlierSpec {
  /** Over which they are compared. */
  readonly intervalMs: number;
  /** Of success rates: so many standard deviations below the mean. Of latencies: so many times the others' median. */
  readonly factor: number;
  /** Fewer that had so many requests are not compared. */
  readonly minEndpoints: number;
  readonly minRequests: number;
}

/** How the number of requests that wait for their response heads is limited by how long these take; per worker. */
export interface AdaptiveConcurrencySpec {
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
  /** Between two changes of the limit. */
  readonly sampleIntervalMs: number;
  /** Share (0–1) by which latency may exceed the base before the limit falls. */
  readonly buffer: number;
  /** After this time, give or take the share `baseJitter` (0–1), the base is measured anew by so many requests. */
  readonly baseIntervalMs: number;
  readonly baseJitter: number;
  readonly baseRequests: number;
}

/** Habits of HTTP/2 connections to an endpoint. */
export interface Http2ClusterSettings {
  /** Exchanges of one connection at a time; the endpoint's own limit may be lower. More take another connection. */
  readonly maxStreams: number;
  /** Octets of body that an endpoint may send ahead, on one stream and on all of them. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** As those of listeners. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** After this time, give or take a tenth, a connection takes no new exchanges; 0 for never. */
  readonly maxConnectionAgeMs: number;
}

export const DEFAULT_CLUSTER_SETTINGS: ClusterSettings = {
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 55_000,
  maxConnectionsPerEndpoint: 1_024,
  maxHeadBytes: 61_440,
  maxFields: 200,
  retryBudgetRatio: 0.2,
  retryBudgetMinPerSecond: 10,
  ejectAfterFaults: 5,
  ejectMs: 5_000,
  maxEjectedShare: 0.5,
  highWaterBytes: 32_768,
  http2: {
    maxStreams: 100,
    streamWindowBytes: 65_536,
    connectionWindowBytes: 1_048_576,
    pingIntervalMs: 30_000,
    pingTimeoutMs: 10_000,
    maxConnectionAgeMs: 1_800_000,
  },
};

export interface EndpointsUnit {
  readonly kind: "endpoints";
  readonly name: string;
  readonly endpoints: readonly EndpointSpec[];
}

export interface EndpointSpec {
  /** IP address, DNS name, or the path of a unix socket when port is 0. */
  readonly address: string;
  readonly port: number;
  /** Share of traffic against the others'; 0: none. */
  readonly weight: number;
  /** "" where it is not known. */
  readonly zone: string;
  readonly node?: string;
  /** Zones whose callers it is meant for, in place of its own: topology hints of an EndpointSlice. */
  readonly forZones?: readonly string[];
  /** 0 (default) is used first; a higher number when lower ones do not suffice. */
  readonly priority?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** The DNS name that `address` was found under. Default: there is none. */
  readonly hostname?: string;
  /** The same endpoint's address in the other family. Default: it has none. */
  readonly alternative?: string;
}

/** "10.0.0.1:80", "[::1]:80", "unix:/run/x.sock": an endpoint's name in logs, metrics and session cookies. */
export function endpointName(endpoint: { address: string; port: number }): string {
  if (endpoint.port === 0) return `unix:${endpoint.address}`;
  return endpoint.address.includes(":")
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}

/** A certificate with its key. Travels apart from the rest: never logged, never in dumps. */
export interface SecretUnit {
  readonly kind: "secret";
  /** "namespace/name". */
  readonly name: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** DNS names of the certificate, lower-case, wildcards as they stand. */
  readonly dnsNames: readonly string[];
}

/** The roots that the system trusts, for clusters whose `caPem` is null. Without it these trust what Node brings. */
export interface AuthoritiesUnit {
  readonly kind: "authorities";
  readonly name: "system";
  readonly caPem: string;
}

/** The answer to a question of an ACME server (RFC 8555 section 8), in the Snapshot while the server may ask it. */
export interface AcmeChallengeUnit {
  readonly kind: "acme-challenge";
  /** "http-01/HOSTNAME/TOKEN" or "tls-alpn-01/HOSTNAME". */
  readonly name: string;
  /** Exact, lower-case. */
  readonly hostname: string;
  readonly answer: HttpChallengeAnswer | TlsAlpnChallengeAnswer;
}

/** RFC 8555 section 8.3: every plain listener answers it, before its routes. */
export interface HttpChallengeAnswer {
  readonly type: "http-01";
  /** "/.well-known/acme-challenge/TOKEN" */
  readonly path: string;
  readonly keyAuthorization: string;
}

/** RFC 8737: shown by TLS listeners to clients that offer the protocol "acme-tls/1" for that name, and to no others. */
export interface TlsAlpnChallengeAnswer {
  readonly type: "tls-alpn-01";
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * A change from one version to the next. `puts` replace by key. `indexes` gives counters their place in shared
 * memory: keys are "listener:ID", "route:NAME/RULE", "cluster:NAME", "endpoint:CLUSTER|ADDRESS".
 */
export interface SnapshotDelta {
  readonly version: number;
  readonly puts: readonly { readonly unit: Unit; readonly hash: string }[];
  readonly removes: readonly UnitKey[];
  readonly indexes: readonly (readonly [key: string, index: number])[];
  /** False: more deltas of the same version follow; the swap waits for the last. */
  readonly isLast: boolean;
}

/**
 * What filters look up by name while they run: credentials, key sets, documents. It changes without the routes whose
 * filters read it being built anew, and travels once however many they are. Plain data; it may hold secrets, so it is
 * neither logged nor explained.
 */
export interface DataUnit {
  readonly kind: "data";
  readonly name: string;
  readonly value: unknown;
}
