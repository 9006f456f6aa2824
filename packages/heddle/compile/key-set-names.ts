import type { DataSource } from "./data-source.ts";
import { readResource, type FactReader } from "./facts.ts";
import { readKeySet } from "./key-set.ts";

/**
 * Names of data units with keys. Policies that name the same keys share one:
 *
 *   key-set/ref/KIND/NAMESPACE/NAME/KEY              keys of a Secret or ConfigMap, made here
 *
 * Each part is escaped as in a URL.
 */
const escape = (part: string): string => encodeURIComponent(part);

export function refKeySet(kind: string, namespace: string, name: string, key: string): string {
  return ["key-set/ref", ...[kind, namespace, name, key].map(escape)].join("/");
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
