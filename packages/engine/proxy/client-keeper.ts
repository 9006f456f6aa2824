import type { Endpoint } from "../cluster/index.ts";
import type { Exchange, ResponseHead } from "../message/index.ts";

/** Has a client's next requests go where this one goes. */
export interface ClientKeeper {
  /** Where they have to go; null: the cluster picks. */
  readonly endpoint: Endpoint | null;
  /** What the cluster hashes in place of the request's own key; NO_KEY: nothing. */
  readonly key: number;
  /** `endpoint` answered: tells the client what to send the next time. */
  issue(head: ResponseHead, endpoint: Endpoint, exchange: Exchange, wallMs: number): void;
}
