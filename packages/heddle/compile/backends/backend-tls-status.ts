import { gatewayGroup, keyOf, type BackendTLSPolicy } from "../../resources/index.ts";
import { mayEncrypt, readTransport } from "./app-protocol.ts";
import { planPolicyTls, type PolicyTlsPlan } from "./backend-tls.ts";
import type { Collector } from "../pass/collector.ts";
import { defaultControllerName, type CompileOptions } from "../io/compile-io.ts";
import { readResource, readTlsTargets, type FactReader, type Facts } from "../pass/facts.ts";
import { parseListenerId } from "../values/listener-id.ts";
import type { CompileMemo } from "../pass/memo.ts";
import type { RouteReach } from "../routes/request-route.ts";
import { goodUnless, makeFinding, verdictOf, type Finding } from "../io/status.ts";

/** As many as a status may have. */
const maxAncestors = 16;

interface GatewayName {
  readonly namespace: string;
  readonly name: string;
}

/** Which Gateways send to which Services, as routes tell it. */
export class ServiceReach {
  private readonly gateways = new Map<string, Map<string, GatewayName>>();
  /** By cluster: thousands of routes lead to the same few. Null where nothing is encrypted on the way. */
  private readonly ofCluster = new Map<string, Map<string, GatewayName> | null>();
  private readonly ofListener = new Map<string, { readonly name: string; readonly gateway: GatewayName }>();

  add({ listeners, clusters }: RouteReach): void {
    for (const cluster of clusters) {
      const found = this.foundBy(cluster);
      if (found === null) continue;
      for (const listener of listeners) {
        const { name, gateway } = this.gatewayOf(listener);
        found.set(name, gateway);
      }
    }
  }

  private foundBy(cluster: string): Map<string, GatewayName> | null {
    const known = this.ofCluster.get(cluster);
    if (known !== undefined) return known;
    const [target = ""] = cluster.split("@");
    const [type, namespace, service] = target.split("/");
    const isMeant = type === "service" && mayEncrypt(readTransport(target).transport);
    const name = `${namespace}/${service}`;
    const found = isMeant ? (this.gateways.get(name) ?? new Map<string, GatewayName>()) : null;
    if (found !== null) this.gateways.set(name, found);
    this.ofCluster.set(cluster, found);
    return found;
  }

  private gatewayOf(listener: string) {
    let known = this.ofListener.get(listener);
    if (known === undefined) {
      const { gateway } = parseListenerId(listener);
      known = { name: `${gateway.namespace}/${gateway.name}`, gateway };
      this.ofListener.set(listener, known);
    }
    return known;
  }

  gatewaysOf(namespace: string, service: string): ReadonlyMap<string, GatewayName> {
    return this.gateways.get(`${namespace}/${service}`) ?? new Map();
  }
}

/** The statuses of BackendTLSPolicies, for each Gateway that sends to one of their targets. */
export function reportTlsPolicies(
  facts: Facts,
  options: CompileOptions,
  memo: CompileMemo,
  reach: ServiceReach,
  collector: Collector,
): void {
  for (const policy of facts.ofKind("BackendTLSPolicy")) {
    const key = keyOf(policy);
    const plan = memo.of(key, policy, facts, (reader) => planPolicyTls(policy, reader));
    const targets = targetFindings(policy, facts);
    collector.status(key, memo.keepValue(`status/${key}`, statusOf(policy, plan, targets, reach, options)));
    // Where every bundle is bad, those are what there is to mend.
    const refused = plan.unresolved.length > 0 ? null : plan.refused;
    collector.findings(key, [...targets.map(({ finding }) => finding), refused, ...plan.unresolved]);
    for (const name of Object.keys(policy.spec.options ?? {})) {
      collector.problem(key, `spec.options["${name}"]`, "unknown option, without effect", "warning");
    }
  }
}

interface TargetFinding {
  readonly service: string;
  readonly finding: Finding | null;
}

/** Of each target what is wrong with it: it is not there, or an older policy has it. */
function targetFindings({ metadata, spec }: BackendTLSPolicy, facts: FactReader): TargetFinding[] {
  const { namespace, name } = metadata;
  return spec.targetRefs.map(({ group, kind, name: service, sectionName = "" }, index) => {
    const path = `spec.targetRefs[${index}]`;
    if (group !== "" || kind !== "Service") {
      const message = `cannot be ${kind} of group "${group}"; use a Service`;
      return { service, finding: makeFinding("Invalid", path, message) };
    }
    const found = readResource(facts, "Service", namespace, service);
    if (found === undefined) {
      const message = `there is no Service ${namespace}/${service}`;
      return { service, finding: makeFinding("TargetNotFound", path, message) };
    }
    const names = (found.spec.ports ?? []).map((port) => port.name ?? "");
    if (sectionName !== "" && !names.includes(sectionName)) {
      const message = `Service ${namespace}/${service} has no port of the name ${sectionName}`;
      return { service, finding: makeFinding("TargetNotFound", `${path}.sectionName`, message) };
    }
    const own = readTlsTargets(facts, namespace).find(
      (one) => one.policy === name && one.service === service && one.portName === sectionName,
    );
    if (own === undefined || own.lostTo === "") return { service, finding: null };
    const message = `the older BackendTLSPolicy ${namespace}/${own.lostTo} has the same target and is in force there; remove one`;
    return { service, finding: makeFinding("Conflicted", path, message) };
  });
}

function statusOf(
  { metadata: { namespace, generation } }: BackendTLSPolicy,
  { refused, unresolved }: PolicyTlsPlan,
  targets: readonly TargetFinding[],
  reach: ServiceReach,
  options: CompileOptions,
) {
  const controllerName = options.controllerName ?? defaultControllerName;
  const ancestors = new Map<string, GatewayName>();
  for (const { service } of targets) {
    for (const [id, gateway] of reach.gatewaysOf(namespace, service)) ancestors.set(id, gateway);
  }
  const names = [...ancestors].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, maxAncestors);
  return {
    ancestors: names.map(([id, gateway]) => {
      const own = targets.filter(({ service }) => reach.gatewaysOf(namespace, service).has(id));
      const verdict = verdictOf([...own.map(({ finding }) => finding), refused]);
      return {
        ancestorRef: { group: gatewayGroup, kind: "Gateway", ...gateway },
        controllerName,
        conditions: [
          goodUnless("Accepted", verdict, "Accepted", generation),
          goodUnless("ResolvedRefs", verdictOf(unresolved), "ResolvedRefs", generation),
        ],
      };
    }),
  };
}
