import type { HmacSecrets } from "@heddle/filters";
import { readResource, type FactReader } from "../pass/facts.ts";
import type { DataSource } from "../data/data-source.ts";
import { missingEntry } from "./key-set-names.ts";
import { makeFinding, type Finding } from "../io/status.ts";

export interface SecretKeyRef {
  readonly name: string;
  readonly key: string;
}

/** The data unit with secrets that requests are signed with. */
export const hmacUnit = (namespace: string, refs: readonly SecretKeyRef[]): string =>
  `hmac/${namespace}/${encodeURIComponent(JSON.stringify(refs.map(({ name, key }) => [name, key])))}`;

/** Shorter ones can be tried. */
const minSecretBytes = 16;

/** Its octets as they are, without the line break that editors leave at the end; null where there is none. */
function readSecret({ name, key }: SecretKeyRef, namespace: string, facts: FactReader): Buffer | null {
  const data = readResource(facts, "Secret", namespace, name)?.data;
  if (data === undefined || !Object.hasOwn(data, key)) return null;
  const octets = Buffer.from(data[key]!, "base64");
  return octets.at(-1) === 10 ? octets.subarray(0, -1) : octets;
}

/** What is wrong with the references. */
export function hmacFindings(
  refs: readonly SecretKeyRef[],
  namespace: string,
  facts: FactReader,
  path: string,
): readonly Finding[] {
  return refs.flatMap((ref, index) => {
    const secret = readSecret(ref, namespace, facts);
    if (secret === null) {
      const missing = missingEntry(facts, "Secret", namespace, ref.name, ref.key);
      return [makeFinding("RefNotFound", `${path}[${index}]`, missing)];
    }
    if (secret.length >= minSecretBytes) return [];
    const of = `key ${ref.key} of Secret ${namespace}/${ref.name}`;
    const message = `${of} has ${secret.length} bytes; a secret must have ${minSecretBytes} at least`;
    return [makeFinding("InvalidKeys", `${path}[${index}]`, message)];
  });
}

export const hmacSource: DataSource = {
  prefix: "hmac",
  compile(name, facts): HmacSecrets {
    const slash = name.indexOf("/");
    const refs = JSON.parse(decodeURIComponent(name.slice(slash + 1))) as [string, string][];
    const found = refs.map(([secret, key]) => readSecret({ name: secret, key }, name.slice(0, slash), facts));
    const good = found.filter((one) => one !== null && one.length >= minSecretBytes) as Buffer[];
    return { secrets: good.map((one) => one.toString("base64")) };
  },
};
