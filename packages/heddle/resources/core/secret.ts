import { defineKind, type ResourceOf } from "../kind.ts";
import { flag, mapOf, optional, text, withDefault } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import type { JsonObject } from "../schema/structural.ts";
import { dataBounded, keysAreFileNames, valuesAreBase64 } from "./data.ts";

/** The type of Secrets with a certificate and its key. */
export const tlsSecretType = "kubernetes.io/tls";

interface SecretShape {
  type: string;
  data: Record<string, string>;
  stringData?: Record<string, string>;
}

function hasKey({ data, stringData = {} }: SecretShape, key: string): boolean {
  return Object.hasOwn(data, key) || Object.hasOwn(stringData, key);
}

/** `stringData` is for writing only: its entries become entries of `data`, and win over those there. */
function mergeStringData(document: JsonObject): JsonObject {
  const { stringData, ...rest } = document;
  const data = { ...(document["data"] as Record<string, string>) };
  for (const [key, value] of Object.entries((stringData ?? {}) as Record<string, string>)) {
    data[key] = Buffer.from(value).toString("base64");
  }
  return { ...rest, data };
}

export const secretKind = defineKind({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  namespaced: true,
  fields: {
    data: withDefault(mapOf(text(), { rules: [keysAreFileNames, valuesAreBase64] }), {}),
    immutable: optional(flag()),
    stringData: optional(mapOf(text(), { rules: [keysAreFileNames] })),
    type: withDefault(text(), "Opaque"),
  },
  rules: [
    dataBounded,
    rule<SecretShape>(
      "tls-secret-complete",
      "a Secret of type kubernetes.io/tls must have the keys tls.crt and tls.key",
      (self) => self.type !== tlsSecretType || (hasKey(self, "tls.crt") && hasKey(self, "tls.key")),
    ),
  ],
  finish: mergeStringData,
});
/** Values to keep secret, such as a certificate's key; `data` is base64, `stringData` is never there. */
export type Secret = ResourceOf<typeof secretKind>;
