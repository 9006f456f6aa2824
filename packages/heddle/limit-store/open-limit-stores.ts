import type { DataRef } from "@heddle/engine/filter";
import type { OpenLimitStore, StoreCredentials } from "@heddle/filters";
import { limitScript } from "./limit-script.ts";
import { parseRedisAddress } from "./redis-address.ts";
import { RedisLink } from "./redis-link.ts";
import { RedisStore } from "./redis-store.ts";

/** Opens stores, each once for all filters of a worker that name it: a server, who we are there, and how long it may take. */
export function openLimitStores(): OpenLimitStore {
  const links = new Map<string, RedisLink>();
  const stores = new Map<string, RedisStore>();
  return ({ url, credentials: name, timeoutMs }, credentials, clock) => {
    const place = `${url} ${name}`;
    let link = links.get(place);
    if (link === undefined) {
      link = new RedisLink(parseRedisAddress(url), () => read(credentials), limitScript, clock);
      links.set(place, link);
    }
    const id = `${place} ${timeoutMs}`;
    let store = stores.get(id);
    if (store === undefined) stores.set(id, (store = new RedisStore(link, credentials, timeoutMs, clock)));
    return store;
  };
}

const read = (credentials: DataRef | null): StoreCredentials =>
  (credentials?.value as StoreCredentials | undefined) ?? {};
