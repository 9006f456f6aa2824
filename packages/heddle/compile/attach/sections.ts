import { ruleName } from "../routes/rule-source.ts";
import type { PolicyTargetKind, Resource } from "../../resources/index.ts";

/** What `sectionName` names in a target, in one word; "" where it has no parts. */
export const sectionWords: Readonly<Record<PolicyTargetKind, string>> = {
  GatewayClass: "",
  Namespace: "",
  Gateway: "listener",
  ListenerSet: "listener",
  HTTPRoute: "rule",
  GRPCRoute: "rule",
  TCPRoute: "rule",
  TLSRoute: "rule",
  UDPRoute: "rule",
  Service: "port",
  Backend: "",
};

/** The names of the parts of a target. */
export function sectionsOf(target: Resource): readonly string[] {
  switch (target.kind) {
    case "Gateway":
    case "ListenerSet":
      return target.spec.listeners.map(({ name }) => name);
    case "HTTPRoute":
    case "GRPCRoute":
    case "TCPRoute":
    case "TLSRoute":
    case "UDPRoute":
      return (target.spec.rules ?? []).map((rule: { name?: string }, index) => ruleName(rule.name, index));
    case "Service":
      return (target.spec.ports ?? []).flatMap(({ name }) => name ?? []);
    default:
      return [];
  }
}
