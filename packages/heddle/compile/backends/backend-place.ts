import type { BackendObjectReference } from "../../resources/index.ts";
import { isReachable } from "./app-protocol.ts";
import { readResource, type FactReader } from "../pass/facts.ts";
import { PolicyPlace } from "../policies/policy-source.ts";

/** What a reference to a backend leads to, as policies are attached to it. */
export function backendPlace(
  { kind, namespace: of, name, port }: BackendObjectReference,
  routeNamespace: string,
  facts: FactReader,
): PolicyPlace {
  const namespace = of ?? routeNamespace;
  if (kind === "Backend") return new PolicyPlace(kind, namespace, name);
  const ports = readResource(facts, "Service", namespace, name)?.spec.ports ?? [];
  const sectionName = ports.find((one) => one.port === port && isReachable(one, null))?.name ?? "";
  return new PolicyPlace("Service", namespace, name, sectionName);
}
