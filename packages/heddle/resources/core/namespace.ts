import { defineKind, type ResourceOf } from "../kind.ts";
import { conditions } from "../gateway-api/condition.ts";
import { list, optional, struct, text } from "../schema/build.ts";

export const namespaceKind = defineKind({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  namespaced: false,
  nameForm: "label",
  fields: {
    spec: optional(struct({ finalizers: optional(list(text())) })),
    status: optional(struct({ conditions: optional(conditions), phase: optional(text()) })),
  },
});
/** A space of names; its labels can select it in listeners. */
export type Namespace = ResourceOf<typeof namespaceKind>;
