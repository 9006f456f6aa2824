import type { Static } from "typebox";
import { choice, integer, set, struct, withDefault } from "../../schema/build.ts";
import { mediaTypes } from "./media-types.ts";

const codings = withDefault(set(choice(["zstd", "br", "gzip"]), { minItems: 1 }), ["zstd", "br", "gzip"]);

/** Octets out for one octet in. */
const maxRatio = withDefault(integer({ minimum: 2, maximum: 10_000 }), 100);

const compressedTypes = [
  "text/*",
  "+json",
  "+xml",
  "application/json",
  "application/javascript",
  "application/xml",
  "application/wasm",
  "application/x-ndjson",
  "font/otf",
  "font/ttf",
  "image/bmp",
];

export const compressionSchema = struct({
  /** The first goes before the others where a client likes them alike. */
  codings,
  types: withDefault(mediaTypes, compressedTypes),
  /** Shorter bodies, where their length is known, go as they are. */
  minBytes: withDefault(integer({ minimum: 0, maximum: 1_048_576 }), 1_024),
  /** Of requests: Remove has backends answer uncompressed. */
  acceptEncoding: withDefault(choice(["Forward", "Remove"]), "Forward"),
});
export type CompressionSpec = Static<typeof compressionSchema>;

export const decompressionSchema = struct({
  codings,
  /** Of a body when it is decompressed. */
  maxBytes: withDefault(integer({ minimum: 1, maximum: 1_073_741_824 }), 10_485_760),
  maxRatio,
});
export type DecompressionSpec = Static<typeof decompressionSchema>;

export const responseDecompressionSchema = struct({
  codings,
  /** Of a response when it is decompressed. */
  maxBytes: withDefault(integer({ minimum: 1, maximum: 1_099_511_627_776 }), 1_073_741_824),
  maxRatio,
});
export type ResponseDecompressionSpec = Static<typeof responseDecompressionSchema>;
