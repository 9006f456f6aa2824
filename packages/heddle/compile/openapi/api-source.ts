import type { DataSource } from "../data/data-source.ts";
import { configTextSource } from "../data/config-text.ts";
import { readApiOnce } from "./api-cache.ts";

const prefix = "openapi";

/** The data unit with the document of a key of a ConfigMap, read. */
export const apiDataName = (namespace: string, name: string, key: string): string =>
  [prefix, ...[namespace, name, key].map(encodeURIComponent)].join("/");

const acceptAll = (): null => null;

export const apiSource: DataSource = {
  prefix,
  compile(parts, facts, options) {
    const text = configTextSource.compile(parts, facts, options);
    if (typeof text !== "string") return undefined;
    return readApiOnce(text, options.checkRegex ?? acceptAll).api ?? undefined;
  },
};
