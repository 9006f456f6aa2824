import type { CertificateMatch, ClientCertificateConfig } from "@heddle/filters";
import { parseKey, type ClientCertificateSpec } from "../../resources/index.ts";
import { readBundle } from "../backends/backend-cluster.ts";
import { parseCertificates } from "../values/certificate.ts";
import type { RequestFilters } from "../filters/policy-filters.ts";
import { makeFinding, type Finding } from "../io/status.ts";
import type { Member, MemberPlace } from "./member.ts";

const path = "spec.authentication.clientCertificate.caCertificateRefs";

const subjects: Readonly<Record<ClientCertificateSpec["subject"], ClientCertificateConfig["subject"]>> = {
  Auto: "auto",
  URI: "uri",
  DNS: "dns",
  Email: "email",
  CommonName: "common-name",
  Subject: "subject",
};

/** Certificates of clients. */
export const clientCertificateMember: Member<"authentication"> = (
  { clientCertificate },
  at,
): RequestFilters | null => {
  if (clientCertificate === undefined) return null;
  const { allowed = {}, caCertificateRefs, subject, forward } = clientCertificate;
  const { authorities, findings } = authoritiesOf(caCertificateRefs ?? [], at);
  const config: ClientCertificateConfig = {
    allowed: matchesOf(allowed),
    authorities,
    subject: subjects[subject],
    isForwarded: forward,
  };
  return { filters: [{ stage: "authentication", spec: { name: "client-certificate", config } }], findings };
};

function matchesOf({
  uris = [],
  dnsNames = [],
  emails = [],
  commonNames = [],
  subjects: names = [],
  fingerprints = [],
}: NonNullable<ClientCertificateSpec["allowed"]>): CertificateMatch[] {
  return [
    ...uris.map((value) => ({ type: "uri" as const, value })),
    ...dnsNames.map((value) => ({ type: "dns" as const, value: value.toLowerCase() })),
    ...emails.map((value) => ({ type: "email" as const, value })),
    ...commonNames.map((value) => ({ type: "common-name" as const, value })),
    ...names.map((value) => ({ type: "subject" as const, value })),
    ...fingerprints.map((value) => ({ type: "fingerprint" as const, value: plainHex(value) })),
  ];
}

const plainHex = (fingerprint: string): string => fingerprint.replaceAll(":", "").toLowerCase();

/** One that cannot be read denies: without it anybody whom the listener trusts would be let in. */
function authoritiesOf(
  refs: NonNullable<ClientCertificateSpec["caCertificateRefs"]>,
  { policy, facts }: MemberPlace,
): { authorities: readonly string[]; findings: readonly Finding[] } {
  const { namespace } = parseKey(policy);
  const authorities: string[] = [];
  const findings: Finding[] = [];
  for (const [index, { kind, name }] of refs.entries()) {
    const bundle = readBundle({ group: "", kind, name }, namespace, facts);
    const found = bundle.isGood ? parseCertificates(bundle.text, "ca.crt") : bundle.text;
    if (typeof found === "string") {
      const message = `${kind} ${namespace}/${name}: ${found}`;
      findings.push(makeFinding("InvalidCACertificateRef", `${path}[${index}]`, message));
    } else {
      for (const certificate of found) authorities.push(plainHex(certificate.fingerprint256));
    }
  }
  return { authorities, findings };
}
