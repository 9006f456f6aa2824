import type { SecretUnit, ServerTls } from "@heddle/engine/model";
import { keyOf, type Listener } from "../../resources/index.ts";
import type { AcmeStates } from "../io/acme-io.ts";
import { readCertificate, type CertificateResult } from "../values/certificate.ts";
import { readResource, type Facts } from "../pass/facts.ts";
import { hostnamesOption, issuerOption, planAcme, type ListenerAcme } from "./listener-acme.ts";
import type { CompileMemo } from "../pass/memo.ts";
import { grantMissing, isGranted, type Referrer } from "../references/reference-grant.ts";
import { makeFinding, type Finding, type Warning } from "../io/status.ts";

export interface TlsPlan {
  readonly tls: ServerTls | null;
  readonly secrets: readonly SecretUnit[];
  readonly acme: ListenerAcme | null;
  readonly unresolved: readonly Finding[];
  readonly refused: Finding | null;
  /** What does not keep the listener from being served. */
  readonly warnings: readonly Warning[];
  /** Those of its options, which the listener's status has too. */
  readonly optionWarnings: readonly Warning[];
}

type Good = Exclude<CertificateResult, { mistake: string }>;
type CertificateRef = NonNullable<NonNullable<Listener["tls"]>["certificateRefs"]>[number];
type Resolved = { readonly certificate: Good } | { readonly finding: Finding };

const minVersionOption = "heddle.dev/min-version";
const alpnOption = "heddle.dev/alpn";
/** What `tls.options` may have; docs/reference/tls.md tells of each. */
export const listenerOptions = [minVersionOption, alpnOption, issuerOption, hostnamesOption] as const;
const defaultAlpn: readonly string[] = ["h2", "http/1.1"];
const minVersions: Readonly<Record<string, ServerTls["minVersion"]>> = {
  "1.2": "TLSv1.2",
  "TLSv1.2": "TLSv1.2",
  "1.3": "TLSv1.3",
  "TLSv1.3": "TLSv1.3",
};

/**
 * How a listener terminates TLS; `owner` is the resource that it stands in. Certificates that are good serve, though
 * others are not.
 */
export function planTls(
  owner: Referrer,
  listener: Listener,
  path: string,
  { facts, memo, states, nowMs }: { facts: Facts; memo: CompileMemo; states: AcmeStates; nowMs: number },
): TlsPlan {
  const refs = listener.tls?.certificateRefs ?? [];
  const resolved = refs.map((ref, index) =>
    resolveCertificate(owner, ref, `${path}.tls.certificateRefs[${index}]`, facts, memo),
  );
  const unresolved = resolved.flatMap((one) => ("finding" in one ? [one.finding] : []));
  const { acme, findings } = planAcme(owner, listener, path, { facts, memo, states });
  unresolved.push(...findings);
  if (refs.length === 0 && acme === null && findings.length === 0) {
    const message = `must name a Secret of type kubernetes.io/tls, or tls.options["${issuerOption}"] an AcmeIssuer`;
    unresolved.push(makeFinding("InvalidCertificateRef", `${path}.tls.certificateRefs`, message));
  }
  const good = resolved.flatMap((one) => ("certificate" in one ? [one.certificate] : []));
  const options = readOptions(listener, `${path}.tls.options`);
  const issued = acme?.secret ?? null;
  // The issued one first: Secrets beside it serve until it is there, and the names that it is not for.
  const secrets = [...(issued === null ? [] : [issued]), ...good.map(({ unit }) => unit)];
  const certificates = [...new Set(secrets.map(({ name }) => name))];
  return {
    tls: { certificates, minVersion: options.minVersion, alpn: options.alpn },
    secrets,
    acme,
    unresolved,
    refused: options.refused,
    optionWarnings: options.warnings,
    warnings: [
      ...options.warnings,
      ...good.flatMap((one) => validityWarnings(one, nowMs, `${path}.tls.certificateRefs`)),
      ...coverageWarnings(good, listener.hostname, `${path}.hostname`),
    ],
  };
}

/** The certificate of a Secret that `from` refers to; `reason` is that of a reference which leads to none. */
export function resolveCertificate(
  from: Referrer,
  ref: CertificateRef,
  path: string,
  facts: Facts,
  memo: CompileMemo,
  reason: string = "InvalidCertificateRef",
): Resolved {
  const invalid = (message: string) => ({ finding: makeFinding(reason, path, message) });
  if (ref.group !== "" || ref.kind !== "Secret") {
    return invalid(`must refer to a Secret of the core group, got ${ref.kind} of group "${ref.group}"`);
  }
  const { namespace = from.namespace, name } = ref;
  const to = { group: "", kind: "Secret", namespace, name };
  if (!isGranted(facts, from, to)) {
    return { finding: makeFinding("RefNotPermitted", path, grantMissing(from, to)) };
  }
  const secret = readResource(facts, "Secret", namespace, name);
  if (secret === undefined) return invalid(`there is no Secret ${namespace}/${name}`);
  const result = memo.of(`certificate:${keyOf(secret)}`, secret, facts, () => readCertificate(secret));
  return "mistake" in result
    ? invalid(`Secret ${namespace}/${name}: ${result.mistake}`)
    : { certificate: result };
}

function validityWarnings({ unit, validFromMs, validToMs }: Good, nowMs: number, path: string): Warning[] {
  const time = (ms: number) => new Date(ms).toISOString();
  const what = `the certificate of Secret ${unit.name}`;
  if (nowMs > validToMs) return [{ path, message: `${what} expired at ${time(validToMs)}; renew it` }];
  if (nowMs < validFromMs) return [{ path, message: `${what} is not valid before ${time(validFromMs)}` }];
  return [];
}

/** Clients refuse a certificate that is for other names. Of a wildcard listener's names one has to be served. */
function coverageWarnings(good: readonly Good[], hostname: string | undefined, path: string): Warning[] {
  const names = good.flatMap(({ unit }) => unit.dnsNames);
  if (hostname === undefined || good.length === 0) return [];
  if (names.some((name) => isNameFor(name, hostname) || isBelow(name, hostname))) return [];
  return [{ path, message: `no certificate is for ${hostname}; they are for ${names.join(", ")}` }];
}

function isBelow(name: string, hostname: string): boolean {
  return hostname.startsWith("*.") && name.endsWith(hostname.slice(1));
}

/** A wildcard of a certificate stands for one label (RFC 9525 section 6.3). */
function isNameFor(name: string, hostname: string): boolean {
  if (name === hostname) return true;
  return (
    name.startsWith("*.") &&
    !hostname.startsWith("*.") &&
    hostname.slice(hostname.indexOf(".")) === name.slice(1)
  );
}

/** Of a listener that does not open TLS. */
export function unopenedOptionWarnings({ protocol, tls }: Listener, path: string): Warning[] {
  if (protocol !== "TLS") return [];
  const message = "has no effect where TLS is passed on unopened; remove it, or use mode Terminate";
  return Object.keys(tls?.options ?? {}).map((name) => ({ path: `${path}.tls.options["${name}"]`, message }));
}

function readOptions({ protocol, tls }: Listener, path: string) {
  const warnings: Warning[] = [];
  let minVersion: ServerTls["minVersion"] = "TLSv1.2";
  let alpn = defaultAlpn;
  let refused: Finding | null = null;
  for (const [name, value] of Object.entries(tls?.options ?? {})) {
    const at = `${path}["${name}"]`;
    if (name === issuerOption || name === hostnamesOption) continue;
    if (name === alpnOption && protocol === "TLS") {
      const message =
        "has no effect on a TLS listener, which passes on what TLS carries whatever it is; remove it, or use protocol HTTPS";
      warnings.push({ path: at, message });
    } else if (name === alpnOption) {
      const protocols = value.split(",").map((one) => one.trim());
      if (isAlpn(protocols)) alpn = protocols;
      else refused = makeFinding("UnsupportedValue", at, `must be h2, http/1.1 or both, got ${value}`);
    } else if (name !== minVersionOption) {
      const known = listenerOptions.join(", ");
      warnings.push({ path: at, message: `unknown option, without effect; known are ${known}` });
    } else if (Object.hasOwn(minVersions, value)) {
      minVersion = minVersions[value]!;
    } else {
      // Served with a lower version than was meant it would look safer than it is.
      refused = makeFinding("UnsupportedValue", at, `must be 1.2 or 1.3, got ${value}`);
    }
  }
  return { minVersion, alpn, refused, warnings };
}

function isAlpn(protocols: readonly string[]): boolean {
  return protocols.every((one) => defaultAlpn.includes(one)) && new Set(protocols).size === protocols.length;
}
