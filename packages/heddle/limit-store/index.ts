/**
 * Limits that several processes share, counted in Redis or Valkey. Questions of one turn of the event loop go out as one
 * call of a script, which tells the time by the server's clock; while the server is away everybody is told so at once.
 *
 *   RedisStore (batches, time limit) ─► RedisLink (connected, away, again) ─► RedisConnection (RESP over TCP or TLS)
 */
export { openLimitStores } from "./open-limit-stores.ts";
