/** Bounds of one message's head and trailers. Each is enforced while bytes arrive, never after. */
export interface Http1Limits {
  /** Octets of a head, start line included, and 32 more for each field. */
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  /** Octets of the request target; of no use to a ResponseReader. */
  readonly maxTargetBytes: number;
  /** Octets of a trailer section, counted as a head's. Default 8192. */
  readonly maxTrailerBytes?: number;
}

export const DEFAULT_MAX_TRAILER_BYTES = 8_192;

/** Methods are tokens without a bound of their own; the longest registered one has 17 letters. */
export const MAX_METHOD_BYTES = 32;

/** Names that one message's Connection fields may list. */
export const MAX_CONNECTION_OPTIONS = 32;

/** 1xx responses before the final one. */
export const MAX_INFORMATIONAL = 32;

/** Octets of one chunk's extensions. */
export const MAX_CHUNK_EXTENSION_BYTES = 1_024;

/**
 * Octets of chunk extensions that a body may have beyond one per 16 octets of data: signed uploads (85 octets per
 * 8 KiB chunk) pass, a body made of extensions does not (CVE-2023-39326, CVE-2024-22019).
 */
export const CHUNK_EXTENSION_CREDIT = 4_096;
