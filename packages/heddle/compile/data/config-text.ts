import { parseTemplate } from "../../resources/index.ts";
import type { DataSource } from "./data-source.ts";
import { readEntry } from "../credentials/key-set-names.ts";

const nameOf = (prefix: string, parts: readonly string[]): string =>
  [prefix, ...parts.map(encodeURIComponent)].join("/");

/** The data unit with the text of a key of a ConfigMap. */
export const configTextName = (namespace: string, name: string, key: string): string =>
  nameOf("config-text", [namespace, name, key]);

/** The data unit with the template that the text is. */
export const templateName = (namespace: string, name: string, key: string): string =>
  nameOf("template", [namespace, name, key]);

export const configTextSource: DataSource = {
  prefix: "config-text",
  compile(parts, facts) {
    const [namespace, name, key] = parts.split("/").map(decodeURIComponent);
    return readEntry(facts, "ConfigMap", namespace!, name!, key!);
  },
};

export const templateSource: DataSource = {
  prefix: "template",
  compile(parts, facts, options) {
    const text = configTextSource.compile(parts, facts, options);
    const template = typeof text === "string" ? parseTemplate(text) : "";
    return typeof template === "string" ? undefined : template;
  },
};
