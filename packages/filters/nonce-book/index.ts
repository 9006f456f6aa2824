/** What may be used once, by all workers of a process. */
export { NonceBook } from "./nonce-book.ts";
