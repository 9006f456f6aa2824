import type { ServicePort } from "../../resources/index.ts";
import { readTlsTargets, type FactReader } from "../pass/facts.ts";

/** The name of the policy in force for a port of a Service: that for the port by its name, else that for all of them. */
export function tlsPolicyFor(
  namespace: string,
  service: string,
  { name = "" }: ServicePort,
  facts: FactReader,
): string | undefined {
  const targets = readTlsTargets(facts, namespace).filter(
    (one) => one.service === service && one.lostTo === "",
  );
  const ofPort = name === "" ? undefined : targets.find(({ portName }) => portName === name);
  return (ofPort ?? targets.find(({ portName }) => portName === ""))?.policy;
}
