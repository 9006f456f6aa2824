import type { Gateway } from "../../resources/index.ts";
import { compareAge } from "../values/age.ts";
import { policiesOn } from "../attach/index.ts";
import type { Collector } from "../pass/collector.ts";
import { planAddresses, requestedAddresses } from "./gateway-address.ts";
import type { ClassPlan } from "./gateway-class.ts";
import { ownerOf, parametersPath, type GatewayPlan, type ListenerSetPlan } from "./gateway-plan.ts";
import { planSettings, type SettingsSource } from "./gateway-settings.ts";
import { markConflicts } from "./listener-conflicts.ts";
import { markOverlaps } from "./listener-overlaps.ts";
import { planListener, type GatewayRun } from "./listener-plan.ts";
import { planSet, setsByGateway } from "./listener-sets.ts";
import { resolveCertificate } from "./listener-tls.ts";
import { selectorFinding } from "../references/namespaces-from.ts";
import { PolicyPlace } from "../policies/policy-source.ts";
import { policyKinds } from "../policies/policy-kinds.ts";
import { resolveParameters } from "./parameters-ref.ts";
import { isFinding, type Finding } from "../io/status.ts";

/** Decides about all Gateways of our classes and their ListenerSets, in steps. The plans are from the oldest to the youngest. */
export function* planGateways(
  gateways: readonly Gateway[],
  classes: ReadonlyMap<string, ClassPlan>,
  run: GatewayRun,
): Generator<void, GatewayPlan[]> {
  const ordered = [...gateways].sort(compareAge);
  const taken = requestedAddresses(ordered);
  const sets = setsByGateway(ordered, run);
  const plans: GatewayPlan[] = [];
  for (const gateway of ordered) {
    const { namespace, name } = gateway.metadata;
    const ofClass = classes.get(gateway.spec.gatewayClassName)?.settings ?? null;
    const plan = planGateway(gateway, ofClass, run, taken);
    yield;
    const ofSets: ListenerSetPlan[] = [];
    const listeners = [...plan.own];
    for (const set of sets.get(`${namespace}/${name}`)!) {
      const ofSet = planSet(gateway, set, listeners.length, run);
      ofSets.push(ofSet);
      listeners.push(...ofSet.listeners);
      yield;
    }
    plans.push({ ...plan, sets: ofSets, listeners });
  }
  yield;
  markConflicts(plans);
  yield;
  markOverlaps(plans);
  yield;
  return plans;
}

/** The Gateway without its ListenerSets. */
function planGateway(
  gateway: Gateway,
  ofClass: SettingsSource | null,
  run: GatewayRun,
  taken: Set<string>,
): Omit<GatewayPlan, "sets" | "listeners"> {
  const address = planAddresses(gateway, run.options, taken);
  const parameters = parametersOf(gateway, run);
  // With settings that are not known the Gateway is not served: they may be what holds attackers off.
  const shown = planClientCertificate(gateway, run);
  const { namespace, name } = gateway.metadata;
  const place = new PolicyPlace("Gateway", namespace, name);
  const [ofGateway, mistakes] = isFinding(parameters) ? [null, [parameters]] : [parameters, []];
  const owner = ownerOf(gateway);
  return {
    key: owner.key,
    gateway,
    address,
    refused: [...address.refused, ...mistakes],
    unresolved: "finding" in shown ? [shown.finding] : [],
    own: gateway.spec.listeners.map((listener, index) => planListener(gateway, owner, index, listener, run)),
    settings: planSettings(
      ofClass,
      ofGateway,
      "finding" in shown ? null : shown.secret,
      { place, names: policiesOn(policyKinds, "cluster", place, run.facts) },
      run.options,
    ),
  };
}

function parametersOf({ spec, metadata }: Gateway, { facts }: GatewayRun): SettingsSource | Finding | null {
  const ref = spec.infrastructure?.parametersRef;
  if (ref === undefined) return null;
  return resolveParameters({ ...ref, namespace: metadata.namespace }, parametersPath, facts);
}

/** The certificate that backends are shown, by the name of its unit: one for the whole Gateway. */
function planClientCertificate(
  gateway: Gateway,
  { facts, memo, collector }: GatewayRun,
): { secret: string | null } | { finding: Finding } {
  const ref = gateway.spec.tls?.backend?.clientCertificateRef;
  if (ref === undefined) return { secret: null };
  const path = "spec.tls.backend.clientCertificateRef";
  const resolved = resolveCertificate(
    ownerOf(gateway),
    ref,
    path,
    facts,
    memo,
    "InvalidClientCertificateRef",
  );
  if ("finding" in resolved) return resolved;
  const { unit } = resolved.certificate;
  collector.unitOf(memo, facts, unit);
  return { secret: unit.name };
}

/** What is wrong with a Gateway and its ListenerSets, for `heddle check`. */
export function reportGateway(plan: GatewayPlan, taken: Finding | null, collector: Collector): void {
  const from = plan.gateway.spec.allowedListeners?.namespaces;
  const selector = from === undefined ? null : selectorFinding(from, "spec.allowedListeners.namespaces");
  collector.findings(plan.key, [...plan.refused, ...plan.unresolved, ...plan.address.missing, selector]);
  for (const { owner, refused } of plan.sets) collector.findings(owner.key, [refused]);
  for (const { owner, refused, conflict, unresolved, blocked } of plan.listeners) {
    collector.findings(owner.key, [refused, conflict, ...unresolved, blocked]);
  }
  // Traffic does not go by it.
  if (taken !== null) collector.problem(plan.key, taken.path, taken.message, "warning");
}
