import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { list, optional, struct } from "../schema/build.ts";
import { group, kind, namespace, objectName } from "./names.ts";
import { gatewayGroup } from "./parent-reference.ts";

const grantFromSchema = struct({ group, kind, namespace });
export type ReferenceGrantFrom = Static<typeof grantFromSchema>;

const grantToSchema = struct({ group, kind, name: optional(objectName) });
export type ReferenceGrantTo = Static<typeof grantToSchema>;

const fields = {
  spec: struct({
    from: list(grantFromSchema, { minItems: 1, maxItems: 16 }),
    to: list(grantToSchema, { minItems: 1, maxItems: 16 }),
  }),
};

export const referenceGrantKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "ReferenceGrant",
  plural: "referencegrants",
  shortNames: ["refgrant"],
  namespaced: true,
  fields,
  otherVersions: { v1beta1: fields },
});
/** Lets resources of other namespaces refer to some of this one. */
export type ReferenceGrant = ResourceOf<typeof referenceGrantKind>;
