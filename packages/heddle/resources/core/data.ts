import { isObject, type JsonObject } from "../schema/structural.ts";
import type { Rule } from "../schema/rule.ts";

/** The rules on the entries of Secrets and ConfigMaps. */

/** The API server's bound on all values of a Secret or ConfigMap together. */
const maxDataBytes = 1024 * 1024;

const key = /^[-._a-zA-Z0-9]{1,253}$/;
/** Together with a length that four divides. */
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function firstKey(entries: JsonObject, isBad: (key: string, value: string) => boolean): string | undefined {
  const bad = Object.keys(entries).find((name) => isBad(name, String(entries[name])));
  return bad === undefined ? undefined : `[${JSON.stringify(bad)}]`;
}

export const keysAreFileNames: Rule = {
  name: "data-keys-valid",
  message: "key must be 1 to 253 letters, digits, '-', '_' and '.', and not '.', '..' or start with '..'",
  offender: (self) => firstKey(self as JsonObject, (name) => !key.test(name) || /^\.$|^\.\./.test(name)),
};

export const valuesAreBase64: Rule = {
  name: "data-base64",
  message: "value must be base64; give plain text in stringData of a Secret or data of a ConfigMap",
  offender: (self) => firstKey(self as JsonObject, (_, value) => !isBase64(value)),
};

/** Line breaks are skipped, as Go's decoder does. */
function isBase64(value: string): boolean {
  const joined = value.replace(/[\r\n]/g, "");
  return joined.length % 4 === 0 && base64.test(joined);
}

export const dataBounded: Rule = {
  name: "data-bounded",
  message: `values must not have more than ${maxDataBytes} bytes together`,
  offender(self) {
    const { data, stringData, binaryData } = self as Record<string, unknown>;
    const size = [data, stringData, binaryData].reduce<number>((sum, map) => sum + sizeOf(map), 0);
    return size > maxDataBytes ? "" : undefined;
  },
};

function sizeOf(map: unknown): number {
  if (!isObject(map)) return 0;
  return Object.values(map).reduce<number>((sum, value) => sum + Buffer.byteLength(String(value)), 0);
}
