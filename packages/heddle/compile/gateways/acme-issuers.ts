import { heddleGroup, keyOf, makeKey, parseDurationMs, type AcmeIssuer } from "../../resources/index.ts";
import type { AcmeIssuerPlan, AcmeStates } from "../io/acme-io.ts";
import { readBundle } from "../backends/backend-cluster.ts";
import type { Collector } from "../pass/collector.ts";
import { readRejection, readResource, type FactReader, type Facts } from "../pass/facts.ts";
import type { CompileMemo } from "../pass/memo.ts";
import {
  condition,
  goodUnless,
  makeFinding,
  verdictOf,
  type Finding,
  type StatusCondition,
} from "../io/status.ts";

interface IssuerResult {
  /** Null where something that it refers to is missing. */
  readonly plan: AcmeIssuerPlan | null;
  readonly findings: readonly Finding[];
}

const issuerKind: AcmeIssuer["kind"] = "AcmeIssuer";

/** The issuer of that name with what it refers to, or why it cannot be used. */
export function resolveIssuer(
  namespace: string,
  name: string,
  facts: Facts,
  memo: CompileMemo,
): AcmeIssuerPlan | { readonly mistake: string } {
  const issuer = readResource(facts, issuerKind, namespace, name);
  if (issuer === undefined) {
    const mistakes = readRejection(facts, makeKey(heddleGroup, issuerKind, namespace, name));
    if (mistakes === undefined) return { mistake: `there is no ${issuerKind} ${namespace}/${name}` };
    return { mistake: `${issuerKind} ${namespace}/${name} has errors, mend them: ${mistakes}` };
  }
  const { plan, findings } = planIssuer(issuer, facts, memo);
  if (plan !== null) return plan;
  return { mistake: `${issuerKind} ${namespace}/${name}: ${verdictOf(findings)!.message}` };
}

function planIssuer(issuer: AcmeIssuer, facts: Facts, memo: CompileMemo): IssuerResult {
  return memo.of(`acme:${keyOf(issuer)}`, issuer, facts, (reader) => makePlan(issuer, reader));
}

function makePlan({ spec, metadata }: AcmeIssuer, facts: FactReader): IssuerResult {
  const { namespace, name } = metadata;
  const external = readExternal(spec.externalAccountBinding, namespace, facts);
  const bundles = readBundles(spec.caCertificateRefs, namespace, facts);
  const findings = [...external.findings, ...bundles.findings];
  if (findings.length > 0) return { plan: null, findings };
  const plan: AcmeIssuerPlan = {
    name: `${namespace}/${name}`,
    directory: new URL(spec.directory).href,
    emails: spec.emails,
    isTermsAgreed: spec.termsOfServiceAgreed,
    challenges: spec.challenges,
    keyType: spec.keyType,
    externalAccount: external.account,
    caPem: bundles.pem,
    renewBeforeMs: spec.renewBefore === undefined ? null : parseDurationMs(spec.renewBefore)!,
  };
  return { plan, findings };
}

type Binding = AcmeIssuer["spec"]["externalAccountBinding"];

function readExternal(binding: Binding, namespace: string, facts: FactReader) {
  if (binding === undefined) return { account: null, findings: [] };
  const { keyId, secretRef } = binding;
  const refused = (message: string) => ({
    account: null,
    findings: [makeFinding("InvalidSecretRef", "spec.externalAccountBinding.secretRef", message)],
  });
  const data = readResource(facts, "Secret", namespace, secretRef.name)?.data;
  if (data === undefined) return refused(`there is no Secret ${namespace}/${secretRef.name}`);
  const what = `Secret ${namespace}/${secretRef.name}: ${secretRef.key}`;
  if (!Object.hasOwn(data, secretRef.key)) return refused(`${what} is not there`);
  const hmacKey = Buffer.from(data[secretRef.key]!, "base64").toString("latin1").trim();
  if (!/^[A-Za-z0-9_-]{16,1024}=*$/.test(hmacKey)) {
    return refused(`${what} must be the HMAC key as the CA gave it, in base64url`);
  }
  return { account: { keyId, hmacKey }, findings: [] };
}

function readBundles(refs: AcmeIssuer["spec"]["caCertificateRefs"], namespace: string, facts: FactReader) {
  const findings: Finding[] = [];
  const bundles: string[] = [];
  for (const [index, ref] of (refs ?? []).entries()) {
    const bundle = readBundle(ref, namespace, facts);
    if (bundle.isGood) bundles.push(bundle.text);
    else {
      const message = `${ref.kind} ${namespace}/${ref.name}: ${bundle.text}`;
      findings.push(makeFinding("InvalidCACertificateRef", `spec.caCertificateRefs[${index}]`, message));
    }
  }
  return { pem: refs === undefined ? null : bundles.join("\n"), findings };
}

/** The statuses of issuers, used by a listener or not. */
export function reportIssuers(
  facts: Facts,
  memo: CompileMemo,
  states: AcmeStates,
  collector: Collector,
): void {
  for (const issuer of facts.ofKind(issuerKind)) {
    const key = keyOf(issuer);
    const { findings } = planIssuer(issuer, facts, memo);
    const { generation } = issuer.metadata;
    const conditions = [
      goodUnless("Accepted", null, "Accepted", generation),
      goodUnless("ResolvedRefs", verdictOf(findings), "ResolvedRefs", generation),
      readyCondition(issuer, states),
    ];
    collector.status(key, memo.keepValue(`status/${key}`, { conditions }));
    collector.findings(key, findings);
  }
}

function readyCondition({ metadata }: AcmeIssuer, states: AcmeStates): StatusCondition {
  const { namespace, name, generation } = metadata;
  const state = states.issuers.get(`${namespace}/${name}`);
  if (state === undefined) {
    const message = "no listener asks for a certificate of it";
    return condition("Ready", "False", { reason: "Unused", message }, generation);
  }
  if (state.problem !== null) {
    return condition("Ready", "False", { reason: "AccountFailed", message: state.problem }, generation);
  }
  return state.account === null
    ? condition("Ready", "False", { reason: "Pending", message: "the account is being made" }, generation)
    : condition("Ready", "True", { reason: "AccountReady", message: `account ${state.account}` }, generation);
}
