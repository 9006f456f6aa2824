/** Structured fields (RFC 9651): dictionaries, as signatures and digests are written. */
export { parseDictionary } from "./parse.ts";
export { serializeMember, serializeParameters } from "./serialize.ts";
export type { BareItem, Dictionary, InnerList, Item, Parameters } from "./types.ts";
