import { readBundle } from "../backends/backend-cluster.ts";
import type { DataSource } from "../data/data-source.ts";
import { readResource, type FactReader } from "../pass/facts.ts";
import { readKeySet } from "./key-set.ts";

/**
 * Names of data units with keys. Policies that name the same keys share one:
 *
 *   key-set/ref/KIND/NAMESPACE/NAME/KEY              keys of a Secret or ConfigMap, made here
 *   key-set/url/URL[/NAMESPACE/KIND:NAME,…]          keys that are fetched, made by the main thread from
 *   key-source/url/URL[/…]                           where they are, made here
 *
 * Each part is escaped as in a URL.
 */
const sourcePrefix = "key-source/";

/** A bundle of roots in `ca.crt`. */
export interface CaRef {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
}

/** Where a key set is, as the value of its `key-source` unit. */
export interface KeySource {
  readonly url: string;
  /** PEM of the roots that its server's certificate is checked with; null for the system's. */
  readonly caPem: string | null;
}

const escape = (part: string): string => encodeURIComponent(part);

export function refKeySet(kind: string, namespace: string, name: string, key: string): string {
  return ["key-set/ref", ...[kind, namespace, name, key].map(escape)].join("/");
}

/** The names of the set and of its source. */
export function urlKeySet(
  url: string,
  caRefs: readonly CaRef[] | undefined,
  namespace: string,
): { readonly set: string; readonly source: string } {
  const ca =
    caRefs === undefined
      ? ""
      : `/${escape(namespace)}/${caRefs.map(({ kind, name }) => `${kind}:${escape(name)}`).join(",")}`;
  const rest = `url/${escape(url)}${ca}`;
  return { set: `key-set/${rest}`, source: `${sourcePrefix}${rest}` };
}

/** The name of the set of a source's unit; null where the unit is none. */
export function keySetOfSource(unitName: string): string | null {
  return unitName.startsWith(sourcePrefix) ? `key-set/${unitName.slice(sourcePrefix.length)}` : null;
}

/** The text of a key of a Secret or ConfigMap; undefined where there is none. */
export function readEntry(
  facts: FactReader,
  kind: string,
  namespace: string,
  name: string,
  key: string,
): string | undefined {
  if (kind === "ConfigMap") return own(readResource(facts, "ConfigMap", namespace, name)?.data, key);
  const base64 = own(readResource(facts, "Secret", namespace, name)?.data, key);
  return base64 === undefined ? undefined : Buffer.from(base64, "base64").toString("utf8");
}

/** Why `readEntry` finds nothing: the object is not there, or it has no such key. */
export function missingEntry(
  facts: FactReader,
  kind: "Secret" | "ConfigMap",
  namespace: string,
  name: string,
  key: string,
): string {
  const object = `${kind} ${namespace}/${name}`;
  return readResource(facts, kind, namespace, name) === undefined
    ? `there is no ${object}; it must have the key ${key}`
    : `${object} has no key ${key}`;
}

const own = (data: Readonly<Record<string, string>> | undefined, key: string): string | undefined =>
  data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;

export const keySetSource: DataSource = {
  prefix: "key-set",
  compile(name, facts) {
    const [way, kind, namespace, object, key] = name.split("/").map(decodeURIComponent);
    if (way !== "ref") return undefined;
    const text = readEntry(facts, kind!, namespace!, object!, key!);
    const reading = text === undefined ? "" : readKeySet(text, kind === "Secret");
    return typeof reading === "string" ? undefined : reading.data;
  },
};

export const keySourceSource: DataSource = {
  prefix: "key-source",
  compile(name, facts): KeySource | undefined {
    const [, url, namespace, refs] = name.split("/");
    if (namespace === undefined) return { url: decodeURIComponent(url!), caPem: null };
    const bundles = refs!.split(",").map((ref) => {
      const [kind, object] = ref.split(":") as [CaRef["kind"], string];
      return readBundle(
        { group: "", kind, name: decodeURIComponent(object) },
        decodeURIComponent(namespace),
        facts,
      );
    });
    // Without all of its roots the server cannot be known: the policy says so, and nothing is fetched.
    if (bundles.some(({ isGood }) => !isGood)) return undefined;
    return { url: decodeURIComponent(url!), caPem: bundles.map(({ text }) => text).join("\n") };
  },
};
