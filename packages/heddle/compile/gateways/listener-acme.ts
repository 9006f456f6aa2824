import { createHash } from "node:crypto";
import type { SecretUnit } from "@heddle/engine/model";
import { heddleGroup, type Listener } from "../../resources/index.ts";
import { resolveIssuer } from "./acme-issuers.ts";
import type { AcmeCertificateState, AcmeRequest, AcmeStates } from "../io/acme-io.ts";
import type { Facts } from "../pass/facts.ts";
import { covers } from "../values/hostnames.ts";
import type { CompileMemo } from "../pass/memo.ts";
import { grantMissing, isGranted, type Referrer } from "../references/reference-grant.ts";
import { makeFinding, type Finding } from "../io/status.ts";

export const issuerOption = "heddle.dev/acme-issuer";
export const hostnamesOption = "heddle.dev/acme-hostnames";

/** A certificate that a listener asks its issuer for, and where it stands. */
export interface ListenerAcme {
  readonly request: AcmeRequest;
  readonly state: AcmeCertificateState | null;
  /** Once it is issued. */
  readonly secret: SecretUnit | null;
}

export interface AcmePlan {
  /** Null where nothing can be asked for. */
  readonly acme: ListenerAcme | null;
  readonly findings: readonly Finding[];
}

const noPlan: AcmePlan = { acme: null, findings: [] };
/** CAs take as many in one certificate (Let's Encrypt). */
const maxNames = 100;

/** The certificate that `tls.options` ask for; `owner` is the resource that the listener stands in. */
export function planAcme(
  owner: Referrer,
  listener: Listener,
  path: string,
  { facts, memo, states }: { facts: Facts; memo: CompileMemo; states: AcmeStates },
): AcmePlan {
  const options = listener.tls?.options ?? {};
  const reference = options[issuerOption];
  const at = (name: string) => `${path}.tls.options["${name}"]`;
  const refused = (field: string, message: string, reason: string = "InvalidCertificateRef") => ({
    acme: null,
    findings: [makeFinding(reason, field, message)],
  });
  if (reference === undefined) {
    if (!Object.hasOwn(options, hostnamesOption)) return noPlan;
    return refused(at(hostnamesOption), `has no effect without ${issuerOption}; add it, or remove this`);
  }
  const parts = reference.split("/");
  const [namespace, name] = parts.length === 1 ? [owner.namespace, parts[0]!] : (parts as [string, string]);
  if (parts.length > 2 || namespace === "" || name === "") {
    return refused(
      at(issuerOption),
      `must be the name of an AcmeIssuer, or namespace/name, got ${reference}`,
    );
  }
  const to = { group: heddleGroup, kind: "AcmeIssuer", namespace, name };
  if (!isGranted(facts, owner, to))
    return refused(at(issuerOption), grantMissing(owner, to), "RefNotPermitted");
  const issuer = resolveIssuer(namespace, name, facts, memo);
  if ("mistake" in issuer) return refused(at(issuerOption), issuer.mistake);
  const names = namesOf(listener, options[hostnamesOption]);
  if ("mistake" in names) {
    const field = names.isHostname ? `${path}.hostname` : at(hostnamesOption);
    return refused(field, names.mistake);
  }
  const { directory, keyType, challenges } = issuer;
  const id = JSON.stringify([issuer.name, directory, keyType, names.names]);
  const request: AcmeRequest = { id, issuer, names: names.names, challenges };
  const state = states.certificates.get(id) ?? null;
  const secret = secretOf(request, state);
  return {
    acme: { request, state, secret: secret && memo.keepValue(`acme/${id}`, secret) },
    findings: [],
  };
}

type Names =
  | { readonly names: readonly string[] }
  | { readonly mistake: string; readonly isHostname: boolean };

/** The listener's own name and those that the option adds. */
function namesOf({ hostname = "" }: Listener, option: string | undefined): Names {
  const added = option === undefined ? [] : option.split(/[\s,]+/).filter((name) => name !== "");
  const isExact = hostname !== "" && !hostname.startsWith("*.");
  const names = [...new Set([...(isExact ? [hostname] : []), ...added].map((name) => name.toLowerCase()))];
  for (const name of names) {
    const mistake =
      nameMistake(name) ?? (covers(hostname, name) || isExact ? null : notOfListener(name, hostname));
    if (mistake !== null) return { mistake, isHostname: name === hostname };
  }
  if (names.length > maxNames)
    return { mistake: `${names.length} names, limit ${maxNames}`, isHostname: false };
  if (names.length > 0) return { names: names.sort() };
  const what =
    hostname === "" ? "is not given" : `${hostname} is a wildcard, for which a CA wants the challenge dns-01`;
  return {
    mistake: `${what}, so there is no name to order a certificate for; name the hosts in tls.options["${hostnamesOption}"], or give the certificate in certificateRefs`,
    isHostname: true,
  };
}

const notOfListener = (name: string, hostname: string): string =>
  `${name} is no host of the listener, ${hostname}`;

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function nameMistake(name: string): string | null {
  if (name.includes("*")) {
    return `${name} is a wildcard, for which a CA wants the challenge dns-01; name each host`;
  }
  const labels = name.split(".");
  const isName =
    name.length <= 253 && labels.every((one) => label.test(one)) && !/^\d+$/.test(labels.at(-1)!);
  return isName ? null : `${name} is no host name`;
}

function secretOf({ id, issuer, names }: AcmeRequest, state: AcmeCertificateState | null): SecretUnit | null {
  if (state === null || state.issued === null) return null;
  const { certificatePem, privateKeyPem } = state.issued;
  // No Secret has a colon in its name.
  const digest = createHash("sha256").update(id).digest("hex").slice(0, 16);
  const name = `acme:${issuer.name}/${names[0]!}/${digest}`;
  return { kind: "secret", name, certificatePem, privateKeyPem, dnsNames: names };
}
