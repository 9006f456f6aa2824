import type { Static } from "typebox";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, list, mapOf, optional, struct, text } from "../schema/build.ts";
import { everyPair, rule, type Rule } from "../schema/rule.ts";
import { someConditions } from "./condition.ts";
import {
  annotationValue,
  controllerName,
  group,
  hostname,
  kind,
  objectName,
  preciseHostname,
  sectionName,
} from "./names.ts";
import { gatewayGroup, parentReferenceSchema } from "./parent-reference.ts";
import { localReferenceSchema } from "./reference.ts";

const targetSchema = struct({ group, kind, name: objectName, sectionName: optional(sectionName) });
export type PolicyTargetReference = Static<typeof targetSchema>;

function isSameTarget(a: PolicyTargetReference, b: PolicyTargetReference): boolean {
  return a.group === b.group && a.kind === b.kind && a.name === b.name;
}

const targetRules: Rule[] = [
  everyPair<PolicyTargetReference>(
    "repeated-target-names-section",
    "sectionName must be specified when targetRefs includes 2 or more references to the same target",
    (a, b) => !isSameTarget(a, b) || !a.sectionName === !b.sectionName,
  ),
  everyPair<PolicyTargetReference>(
    "target-section-unique",
    "sectionName must be unique when targetRefs includes 2 or more references to the same target",
    (a, b) => !isSameTarget(a, b) || (a.sectionName ?? "") !== (b.sectionName ?? ""),
  ),
];

interface AltName {
  type: string;
  hostname?: string;
  uri?: string;
}

function altNameRules(type: string, label: string, field: "hostname" | "uri"): Rule[] {
  return [
    rule<AltName>(
      `${field}-for-its-type`,
      `SubjectAltName element must contain ${label}, if Type is set to ${label}`,
      (self) => self.type !== type || self[field] !== undefined,
    ),
    rule<AltName>(
      `${field}-only-for-its-type`,
      `SubjectAltName element must not contain ${label}, if Type is not set to ${label}`,
      (self) => self[field] === undefined || self.type === type,
    ),
  ];
}

const subjectAltNameSchema = struct(
  {
    hostname: optional(hostname),
    type: choice(["Hostname", "URI"]),
    uri: optional(
      text({
        minLength: 1,
        maxLength: 253,
        pattern: "^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?",
        description: "an absolute URI such as spiffe://example.org/ns/shop/sa/orders",
      }),
    ),
  },
  { rules: [...altNameRules("Hostname", "Hostname", "hostname"), ...altNameRules("URI", "URI", "uri")] },
);
export type SubjectAltName = Static<typeof subjectAltNameSchema>;

interface Authorities {
  caCertificateRefs?: unknown[];
  wellKnownCACertificates?: string;
}

const validationSchema = struct(
  {
    caCertificateRefs: optional(list(localReferenceSchema, { maxItems: 8 })),
    hostname: preciseHostname,
    subjectAltNames: optional(list(subjectAltNameSchema, { maxItems: 5 })),
    wellKnownCACertificates: optional(
      text({
        minLength: 1,
        maxLength: 253,
        pattern:
          "^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$",
        description: "System, or a set with a domain such as example.com/internal",
      }),
    ),
  },
  {
    rules: [
      rule<Authorities>(
        "one-source-of-authorities",
        "must not contain both CACertificateRefs and WellKnownCACertificates",
        (self) => !self.caCertificateRefs?.length || !self.wellKnownCACertificates,
      ),
      rule<Authorities>(
        "some-authorities",
        "must specify either CACertificateRefs or WellKnownCACertificates",
        (self) => (self.caCertificateRefs?.length ?? 0) > 0 || (self.wellKnownCACertificates ?? "") !== "",
      ),
    ],
  },
);
export type BackendTLSPolicyValidation = Static<typeof validationSchema>;

const policySpecSchema = struct({
  options: optional(mapOf(annotationValue, { maxProperties: 16 })),
  targetRefs: list(targetSchema, { minItems: 1, maxItems: 16, rules: targetRules }),
  validation: validationSchema,
});
export type BackendTLSPolicySpec = Static<typeof policySpecSchema>;

/** What each controller says of a policy, by the Gateway or other ancestor that it works for. */
const policyStatusSchema = struct({
  ancestors: list(
    struct({ ancestorRef: parentReferenceSchema, conditions: someConditions, controllerName }),
    { maxItems: 16 },
  ),
});
export type PolicyStatus = Static<typeof policyStatusSchema>;

const fields = { spec: policySpecSchema, status: optional(policyStatusSchema) };

export const backendTlsPolicyKind = defineKind({
  group: gatewayGroup,
  version: "v1",
  kind: "BackendTLSPolicy",
  plural: "backendtlspolicies",
  shortNames: ["btlspolicy"],
  namespaced: true,
  fields,
  otherVersions: { v1alpha3: fields },
});
/** TLS from Heddle to a backend: the name to expect and who may vouch for it. */
export type BackendTLSPolicy = ResourceOf<typeof backendTlsPolicyKind>;
