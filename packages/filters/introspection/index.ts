/** Opaque bearer tokens, by the word of their authorization server (RFC 7662). */
export { introspection } from "./filter.ts";
export type { IntrospectionConfig } from "./config.ts";
