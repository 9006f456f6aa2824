/** JSON as filters read it: bounded, and with one meaning; and problems (RFC 9457) as they answer them. */
export { readJson } from "./read-json.ts";
export type { JsonBounds, JsonReading } from "./read-json.ts";
export { charsetOf, isJsonType, mediaTypeOf } from "./media-type.ts";
export { escapePointer } from "./pointer.ts";
export { problemReply } from "./problem.ts";
export type { FieldError } from "./problem.ts";
