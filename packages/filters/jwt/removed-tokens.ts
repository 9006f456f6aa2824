import type { Exchange } from "@heddle/engine/message";
import { placeKey } from "./token-reader.ts";
import type { TokenPlace } from "./config.ts";

interface RemovedToken {
  readonly placeKey: string;
  readonly token: string;
}

const removed = new WeakMap<Exchange, RemovedToken>();

/**
 * Remembers a token that does not go on to the backend: the policy of a Service behind that of a Gateway asks for it as if
 * it were there still, so that one policy can be attached to both.
 */
export function rememberRemoved(exchange: Exchange, place: TokenPlace, token: string): void {
  removed.set(exchange, { placeKey: placeKey(place), token });
}

/** What was removed before of the exchange; undefined where nothing was. */
export function removedToken(exchange: Exchange): RemovedToken | undefined {
  return removed.get(exchange);
}
