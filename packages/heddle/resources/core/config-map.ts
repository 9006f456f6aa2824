import { defineKind, type ResourceOf } from "../kind.ts";
import { flag, mapOf, optional, text, withDefault } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { dataBounded, keysAreFileNames, valuesAreBase64 } from "./data.ts";

interface ConfigMapShape {
  data: object;
  binaryData?: object;
}

export const configMapKind = defineKind({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  namespaced: true,
  fields: {
    binaryData: optional(mapOf(text(), { rules: [keysAreFileNames, valuesAreBase64] })),
    data: withDefault(mapOf(text(), { rules: [keysAreFileNames] }), {}),
    immutable: optional(flag()),
  },
  rules: [
    dataBounded,
    rule<ConfigMapShape>(
      "data-or-binary-data",
      "a key must not be in both data and binaryData",
      ({ data, binaryData = {} }) => !Object.keys(binaryData).some((key) => Object.hasOwn(data, key)),
    ),
  ],
});
/** Values that are no secret, such as a bundle of CA certificates. */
export type ConfigMap = ResourceOf<typeof configMapKind>;
