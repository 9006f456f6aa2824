/** Content codings, for filters that compress or decompress. No filter itself. */
export { CodedBody } from "./coded-body.ts";
export { codingNamed, decoderOf, encoderOf, flushKind } from "./coding.ts";
export type { Coding, CodingStream } from "./coding.ts";
export { dropDigests, mayRecode, weakenETag } from "./recoding.ts";
