import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  createZstdCompress,
  createZstdDecompress,
} from "node:zlib";
import type { Transform } from "node:stream";

/** Content codings that are made and read (RFC 9110 section 8.4.1, RFC 7932, RFC 8878). */
export const CODINGS = ["zstd", "br", "gzip"] as const;
export type Coding = (typeof CODINGS)[number];

/** A stream of `node:zlib`: its work is done by other threads. */
export type CodingStream = Transform & { flush(kind: number, done: () => void): void };

/** The coding of that name, as it is in Content-Encoding; undefined for none that is known. x-gzip is gzip's old name. */
export function codingNamed(name: string): Coding | undefined {
  const lower = name.toLowerCase();
  return CODINGS.find((coding) => coding === (lower === "x-gzip" ? "gzip" : lower));
}

/** Octets that may wait in a stream: as much as a body is cut into (proxy/response-side.ts). */
const WAITING: object = { highWaterMark: 65_536 };

/** Windows of more than 8 MiB are refused (RFC 8878 section 3.1.1.1.2): a few octets would have us take 128. */
const ZSTD_WINDOW_LOG = 23;

export function decoderOf(coding: Coding): CodingStream {
  switch (coding) {
    case "gzip":
      return createGunzip(WAITING) as CodingStream;
    case "br":
      return createBrotliDecompress(WAITING) as CodingStream;
    case "zstd":
      return createZstdDecompress({
        ...WAITING,
        params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
      }) as CodingStream;
  }
}

/** Levels that cost about as much as they save on text: a page of 16 KiB in well under a millisecond. */
const LEVELS: Readonly<Record<Coding, number>> = { gzip: 5, br: 4, zstd: 3 };

export function encoderOf(coding: Coding): CodingStream {
  switch (coding) {
    case "gzip":
      return createGzip({ level: LEVELS.gzip, ...WAITING }) as CodingStream;
    case "br":
      return createBrotliCompress({
        ...WAITING,
        params: { [constants.BROTLI_PARAM_QUALITY]: LEVELS.br, [constants.BROTLI_PARAM_LGWIN]: 19 },
      }) as CodingStream;
    case "zstd":
      return createZstdCompress({
        ...WAITING,
        params: { [constants.ZSTD_c_compressionLevel]: LEVELS.zstd, [constants.ZSTD_c_windowLog]: 19 },
      }) as CodingStream;
  }
}

/** What has an encoder give out all that it has. */
export function flushKind(coding: Coding): number {
  if (coding === "gzip") return constants.Z_SYNC_FLUSH;
  return coding === "br" ? constants.BROTLI_OPERATION_FLUSH : constants.ZSTD_e_flush;
}
