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
