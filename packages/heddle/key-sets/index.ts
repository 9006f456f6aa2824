/**
 * Key sets of issuers, fetched from where they publish them. It runs on the main thread only: however many workers and
 * rules there are, and however many tokens name keys that nobody knows, a set is fetched once, and again at most every
 * thirty seconds. Data planes get the sets as data units.
 *
 *   KeySetService ── KeySetKeeper ── fetchKeySet      one keeper for each set: its last good state, and when it is due
 *
 * The last good sets are kept over a restart, for three days at most.
 */
export { KeySetService, consequenceOf } from "./key-set-service.ts";
export type { KeySetCounts, KeySetServiceOptions, SavedKeySet } from "./key-set-service.ts";
export type { KeySetRequest, KeySetState } from "./key-set-keeper.ts";
export { AddressGuard } from "./address-guard.ts";
export { fetchKeySet } from "./fetch-key-set.ts";
