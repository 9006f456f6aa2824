import type { AltName, ClusterTls } from "@heddle/engine/model";
import type { BackendTLSPolicy, SubjectAltName } from "../../resources/index.ts";
import { readBundle } from "./backend-cluster.ts";
import { readResource, type FactReader } from "../pass/facts.ts";
import { makeFinding, verdictOf, type Finding } from "../io/status.ts";

export interface PolicyTlsPlan {
  readonly tls: ClusterTls;
  /** Why nothing is sent under the policy. */
  readonly refused: Finding | null;
  /** References that do not resolve. */
  readonly unresolved: readonly Finding[];
}

/** TLS as a policy of that name asks for it. One with errors, or that cannot be followed, lets nothing through. */
export function policyTls(namespace: string, name: string, facts: FactReader): ClusterTls {
  const policy = readResource(facts, "BackendTLSPolicy", namespace, name);
  if (policy !== undefined) return planPolicyTls(policy, facts).tls;
  return { ...nobody, refusal: `BackendTLSPolicy ${namespace}/${name} has errors` };
}

const nobody = { serverName: "", caPem: null, insecureSkipVerify: false } as const;

export function planPolicyTls({ metadata, spec }: BackendTLSPolicy, facts: FactReader): PolicyTlsPlan {
  const { validation } = spec;
  const { bundles, findings: unresolved } = authorities(metadata.namespace, validation, facts);
  const refused = refusalOf(validation, bundles, unresolved);
  const subjectAltNames = (validation.subjectAltNames ?? []).map(altNameOf);
  const tls: ClusterTls = {
    serverName: validation.hostname.toLowerCase(),
    ...(subjectAltNames.length > 0 && { subjectAltNames }),
    ...(refused !== null && {
      refusal: `BackendTLSPolicy ${metadata.namespace}/${metadata.name}: ${refused.message}`,
    }),
    caPem: bundles.length === 0 ? null : bundles.join("\n"),
    insecureSkipVerify: false,
  };
  return { tls, refused, unresolved };
}

type Validation = BackendTLSPolicy["spec"]["validation"];

function authorities(namespace: string, { caCertificateRefs = [] }: Validation, facts: FactReader) {
  const bundles: string[] = [];
  const findings: Finding[] = [];
  for (const [index, { group, kind, name }] of caCertificateRefs.entries()) {
    const path = `spec.validation.caCertificateRefs[${index}]`;
    if (group !== "" || (kind !== "ConfigMap" && kind !== "Secret")) {
      const message = `cannot refer to ${kind} of group "${group}"; use a ConfigMap or Secret with the key ca.crt`;
      findings.push(makeFinding("InvalidKind", path, message));
      continue;
    }
    const bundle = readBundle({ group, kind, name }, namespace, facts);
    if (bundle.isGood) bundles.push(bundle.text);
    else {
      const message = `${kind} ${namespace}/${name}: ${bundle.text}`;
      findings.push(makeFinding("InvalidCACertificateRef", path, message));
    }
  }
  return { bundles, findings };
}

function refusalOf(
  { caCertificateRefs = [], wellKnownCACertificates = "" }: Validation,
  bundles: readonly string[],
  unresolved: readonly Finding[],
): Finding | null {
  if (caCertificateRefs.length > 0) {
    if (bundles.length > 0) return null;
    const { message } = verdictOf(unresolved)!;
    return makeFinding("NoValidCACertificate", "spec.validation.caCertificateRefs", message);
  }
  if (wellKnownCACertificates === "System") return null;
  const message = `there is no set ${wellKnownCACertificates}; use System`;
  return makeFinding("Invalid", "spec.validation.wellKnownCACertificates", message);
}

function altNameOf({ type, hostname = "", uri = "" }: SubjectAltName): AltName {
  return type === "URI" ? { type, value: uri } : { type: "Hostname", value: hostname.toLowerCase() };
}
