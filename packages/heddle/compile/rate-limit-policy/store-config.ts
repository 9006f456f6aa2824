import type { StoreConfig, StoreCredentials } from "@heddle/filters";
import { parseKey, type LimitStoreSpec, type ResourceKey } from "../../resources/index.ts";
import type { DataSource } from "../data/data-source.ts";
import { readResource, type FactReader } from "../pass/facts.ts";
import { readEntry } from "../credentials/key-set-names.ts";
import { durationMs } from "../routes/route-settings.ts";
import { makeFinding, type Finding } from "../io/status.ts";

const whenAway = { Allow: "allow", Deny: "deny", Local: "local" } as const;
const prefix = "limit-store";

/** A store as the filter takes it; `policy` is the one that names it, whose namespace the Secret is in. */
export function storeConfig(store: LimitStoreSpec | undefined, policy: ResourceKey): StoreConfig | null {
  if (store === undefined) return null;
  const { redis, whenUnavailable, localPercent } = store;
  const { namespace } = parseKey(policy);
  return {
    url: redis.url,
    credentials: redis.secretRef === undefined ? "" : [prefix, namespace, redis.secretRef.name].join("/"),
    timeoutMs: durationMs(redis.timeout),
    whenUnavailable: whenAway[whenUnavailable],
    localShare: localPercent / 100,
  };
}

/** What the Secret of a store lacks. */
export function storeFindings(
  store: LimitStoreSpec | undefined,
  namespace: string,
  facts: FactReader,
): readonly Finding[] {
  const name = store?.redis.secretRef?.name;
  if (name === undefined) return [];
  const path = "spec.store.redis.secretRef";
  if (readResource(facts, "Secret", namespace, name) === undefined)
    return [makeFinding("RefNotFound", path, `there is no Secret ${namespace}/${name}`)];
  const credentials = read(facts, namespace, name);
  if (Object.keys(credentials).length === 0) {
    const message = `Secret ${namespace}/${name} has none of username, password, ca.crt, tls.crt and tls.key`;
    return [makeFinding("RefNotFound", path, message)];
  }
  const { username, password, certificate, key } = credentials;
  if (username !== undefined && password === undefined)
    return [makeFinding("RefNotFound", path, `Secret ${namespace}/${name} has a username and no password`)];
  if ((certificate === undefined) !== (key === undefined))
    return [
      makeFinding("RefNotFound", path, `Secret ${namespace}/${name} must have both tls.crt and tls.key`),
    ];
  return [];
}

function read(facts: FactReader, namespace: string, name: string): StoreCredentials {
  const entry = (key: string) => readEntry(facts, "Secret", namespace, name, key);
  const all = {
    username: entry("username"),
    password: entry("password"),
    ca: entry("ca.crt"),
    certificate: entry("tls.crt"),
    key: entry("tls.key"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** `limit-store/NAMESPACE/SECRET`: who Heddle is at a store. */
export const limitStoreSource: DataSource = {
  prefix,
  compile(name, facts) {
    const [namespace, secret] = name.split("/");
    return readResource(facts, "Secret", namespace!, secret!) === undefined
      ? undefined
      : read(facts, namespace!, secret!);
  },
};
