/** Name and password (RFC 7617), against bcrypt hashes. */
export { basic } from "./filter.ts";
export type { BasicConfig, BasicUsers } from "./config.ts";
