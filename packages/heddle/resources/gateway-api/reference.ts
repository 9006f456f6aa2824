import type { Static } from "typebox";
import { int32, optional, struct, withDefault } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { group, kind, namespace, objectName, portNumber } from "./names.ts";

/** References from one resource to another, by how much the referrer has to say. */

/** A resource of the same namespace. */
export const localReferenceSchema = struct({ group, kind, name: objectName });
export type LocalReference = Static<typeof localReferenceSchema>;

/** A resource of any namespace; the referrer's own where none is given. */
export const objectReferenceSchema = struct({
  group,
  kind,
  name: objectName,
  namespace: optional(namespace),
});
export type ObjectReference = Static<typeof objectReferenceSchema>;

/** A Secret unless group and kind say otherwise. */
export const secretReferenceSchema = struct({
  group: withDefault(group, ""),
  kind: withDefault(kind, "Secret"),
  name: objectName,
  namespace: optional(namespace),
});
export type SecretReference = Static<typeof secretReferenceSchema>;

/** Of a backend, without a share. */
export const backendFields = {
  group: withDefault(group, ""),
  kind: withDefault(kind, "Service"),
  name: objectName,
  namespace: optional(namespace),
  port: optional(portNumber),
};

interface BackendTarget {
  group: string;
  kind: string;
  port?: number;
}

export const servicePortRule = rule<BackendTarget>(
  "service-reference-has-port",
  "Must have port for Service reference",
  (self) => self.group !== "" || self.kind !== "Service" || self.port !== undefined,
);

/** Where requests are sent, without a share: a mirror or an authorization service. */
export const backendObjectReferenceSchema = struct(backendFields, { rules: [servicePortRule] });
export type BackendObjectReference = Static<typeof backendObjectReferenceSchema>;

/** The fields of a backend with its share of the traffic. */
export const weightedBackendFields = {
  ...backendFields,
  weight: withDefault(int32({ minimum: 0, maximum: 1_000_000 }), 1),
};

/** Where connections are sent and what share of them, relative to the sum of all weights. */
export const backendRefSchema = struct(weightedBackendFields, { rules: [servicePortRule] });
export type BackendRef = Static<typeof backendRefSchema>;
