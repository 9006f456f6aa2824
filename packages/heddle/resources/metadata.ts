import type { Static } from "typebox";
import { anything, integer, list, mapOf, optional, struct, text } from "./schema/build.ts";
import { rule, type Rule } from "./schema/rule.ts";

const maxAnnotationBytes = 256 * 1024;

const qualifiedName =
  /^(?<prefix>[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

/** True for a key of labels or annotations: an optional DNS subdomain and `/`, then up to 63 characters. */
function isQualifiedName(key: string): boolean {
  if (key.length > 317) return false;
  const match = qualifiedName.exec(key);
  return match !== null && (match.groups?.["prefix"]?.length ?? 0) <= 254;
}

const keysQualified: Rule = {
  name: "metadata-keys-qualified",
  message:
    "keys must be a name of up to 63 letters, digits, '-', '_' and '.', with an optional domain and '/' before it",
  offender(self) {
    const bad = Object.keys(self as object).find((key) => !isQualifiedName(key));
    return bad === undefined ? undefined : `[${JSON.stringify(bad)}]`;
  },
};

const annotationsBounded = rule<Record<string, string>>(
  "annotations-bounded",
  `annotations must not be larger than ${maxAnnotationBytes} bytes together`,
  (self) =>
    Object.entries(self).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0) <=
    maxAnnotationBytes,
);

const labelValue = text({
  maxLength: 63,
  pattern: "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
  description: 'a label value: letters, digits, "-", "_" and ".", starting and ending with a letter or digit',
});

/** What an API server adds to metadata, accepted so that `kubectl get -o yaml` can be read back. */
const serverFields = {
  deletionGracePeriodSeconds: optional(integer()),
  deletionTimestamp: optional(text()),
  finalizers: optional(list(text())),
  generateName: optional(text()),
  managedFields: optional(list(anything())),
  ownerReferences: optional(list(anything())),
  selfLink: optional(text()),
  uid: optional(text()),
};

/**
 * `metadata` of every resource. Name and namespace are checked by `checkName`, since their form
 * depends on the kind.
 */
export const metadataSchema = struct({
  annotations: optional(mapOf(text(), { rules: [keysQualified, annotationsBounded] })),
  creationTimestamp: optional(text({ format: "date-time" })),
  generation: optional(integer()),
  labels: optional(mapOf(labelValue, { rules: [keysQualified] })),
  name: text({ description: "the name of this resource" }),
  namespace: optional(text()),
  resourceVersion: optional(text()),
  ...serverFields,
});

export type ObjectMeta = Pick<
  Static<typeof metadataSchema>,
  | "name"
  | "namespace"
  | "labels"
  | "annotations"
  | "creationTimestamp"
  | "generation"
  | "resourceVersion"
  | "uid"
> & {
  /** Of what is generated; never kept of a document. */
  ownerReferences?: readonly OwnerReference[];
};

/** The resource that another one was generated for. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** "" where none is known. */
  readonly uid: string;
  readonly controller: boolean;
}

/** `metadata` of a resource in a namespace, whose namespace is always filled in. */
export type NamespacedMeta = ObjectMeta & { namespace: string };

/** Drops what `ObjectMeta` does not keep. */
export function keptMetadata(metadata: Static<typeof metadataSchema>): ObjectMeta {
  const kept: Record<string, unknown> = { ...metadata };
  for (const key of Object.keys(serverFields)) if (key !== "uid") delete kept[key];
  return kept as unknown as ObjectMeta;
}

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/** The forms that names have, as Kubernetes checks them (RFC 1123, RFC 1035). */
const nameForms = {
  subdomain: {
    expression: new RegExp(`^${label}(\\.${label})*$`),
    maxLength: 253,
    form: 'lower-case letters, digits, "-" and ".", starting and ending with a letter or digit',
  },
  label: {
    expression: new RegExp(`^${label}$`),
    maxLength: 63,
    form: 'lower-case letters, digits and "-", starting and ending with a letter or digit',
  },
  service: {
    expression: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    maxLength: 63,
    form: 'lower-case letters, digits and "-", starting with a letter and ending with a letter or digit',
  },
};

export type NameForm = keyof typeof nameForms;

/** What is wrong with a name, or undefined. */
export function nameMismatch(name: string, form: NameForm): string | undefined {
  const { expression, maxLength, form: shape } = nameForms[form];
  if (name === "") return `must not be empty; use ${shape}`;
  if (name.length > maxLength) return `is ${name.length} characters long, limit ${maxLength}`;
  return expression.test(name) ? undefined : `must consist of ${shape}, got ${JSON.stringify(name)}`;
}
