import type { FilterContext } from "@heddle/engine/filter";
import type { BackendAnswer, BackendRequest } from "./fetch-backend.ts";
import type { FilterSlot } from "./filter-slot.ts";

/** Everything that a filter of your own may reach of the outside. */
export interface OwnFilterContext extends Omit<FilterContext, "copy" | "place" | "repeat" | "reserveSlot"> {
  /** "namespace/name" of the Filter that it is built for. */
  readonly filter: string;
  /** A place in each exchange for state of this filter. Called in `create` alone. */
  slot<T>(): FilterSlot<T>;
  /**
   * Asks a backend of the Filter's `spec.backends`, by its name there, and waits for the whole answer. Rejects with a
   * BackendError where there is none in time.
   */
  fetch(backend: string, request: BackendRequest): Promise<BackendAnswer>;
  /** As `fetch`, octet by octet: for what is large, or never ends. `backend` is a name of `spec.backends`. */
  readonly call: FilterContext["call"];
  /** The value of an entry of the Filter's `spec.data`, by its name there: a text, and undefined while there is none. */
  readonly data: FilterContext["data"];
}
