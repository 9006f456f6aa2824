/** Bounds of one HTTP/2 connection. Each is enforced while bytes arrive, never after. */
export interface Http2Limits {
  /** Octets of a head's names and values, and 32 more for each field (SETTINGS_MAX_HEADER_LIST_SIZE). */
  readonly maxHeadBytes: number;
  /** Fields of a head, each cookie crumb counted. */
  readonly maxFields: number;
  /** Octets of `:path`; of no use to a client. */
  readonly maxTargetBytes: number;
  /** Octets of a trailer section, counted as a head's. */
  readonly maxTrailerBytes: number;
  /** Streams that the peer may have open (SETTINGS_MAX_CONCURRENT_STREAMS); of no use to a client. */
  readonly maxStreams: number;
  /** What a peer may send on a stream, and on the connection, before it must wait for us. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** Octets of one stream that may wait to be sent before its owner is held back. */
  readonly highWaterBytes: number;
  /** Streams reset, by either side, for what the peer did: in a second, and at once. */
  readonly resetsPerSecond: number;
  /** Frames that carry nothing, beyond those that useful traffic justifies: in a second, and at once. */
  readonly controlFramesPerSecond: number;
  /** CONTINUATION frames of one header block. */
  readonly maxContinuations: number;
  /** Control frames that may wait for a peer that does not read. */
  readonly maxPendingControlFrames: number;
}

export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxHeadBytes: 61_440,
  maxFields: 100,
  maxTargetBytes: 16_384,
  maxTrailerBytes: 8_192,
  maxStreams: 100,
  streamWindowBytes: 65_536,
  connectionWindowBytes: 1_048_576,
  highWaterBytes: 32_768,
  resetsPerSecond: 100,
  controlFramesPerSecond: 100,
  maxContinuations: 8,
  maxPendingControlFrames: 1_000,
};

/** What a field is charged beyond its octets (RFC 9113 section 6.5.2, RFC 7541 section 4.1). */
export const FIELD_CHARGE = 32;

/** SETTINGS_MAX_FRAME_SIZE of ours: the protocol's own (RFC 9113 section 4.2). */
export const MAX_FRAME_BYTES = 16_384;

/** SETTINGS_HEADER_TABLE_SIZE of ours, and the most that our encoder uses of the peer's. */
export const HEADER_TABLE_BYTES = 4_096;

/** Informational responses before the final one. */
export const MAX_INFORMATIONAL = 32;

/** Streams that a client opens before the peer's SETTINGS say how many it may (RFC 9113 section 6.5.2). */
export const STREAMS_BEFORE_SETTINGS = 100;

/** Closed streams of which it is remembered how they ended. */
export const CLOSED_STREAMS_REMEMBERED = 256;

/** Methods are tokens without a bound of their own; the longest registered one has 17 letters. */
export const MAX_METHOD_BYTES = 32;
