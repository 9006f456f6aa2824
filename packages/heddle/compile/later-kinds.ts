import {
  gatewayGroup,
  keyOf,
  type KindName,
  type ParentReference,
  type Resource,
} from "../resources/index.ts";
import type { Collector } from "./collector.ts";
import { defaultControllerName, type CompileOptions } from "./compile-io.ts";
import type { Facts } from "./facts.ts";
import { gatewayFact } from "./route-parents.ts";
import { condition, type StatusCondition } from "./status.ts";

const laterRoutes = ["UDPRoute"] as const;

/**
 * Kinds that are validated and not served yet: each resource says so, so that nobody takes it for done. Routes say
 * it for each parent of ours.
 */
export function reportLaterKinds(facts: Facts, options: CompileOptions, collector: Collector): void {
  for (const kind of laterRoutes) {
    for (const route of facts.ofKind(kind)) {
      const { namespace, generation } = route.metadata;
      const ours = (route.spec.parentRefs ?? []).filter((ref) => isOurs(ref, namespace, facts));
      const controllerName = options.controllerName ?? defaultControllerName;
      const conditions = [notServed(route, kind, generation)];
      collector.status(keyOf(route), {
        parents: ours.map((parentRef) => ({ parentRef, controllerName, conditions })),
      });
      report(route, kind, collector);
    }
  }
  for (const set of facts.ofKind("ListenerSet")) {
    const accepted = notServed(set, "ListenerSet", set.metadata.generation);
    const programmed = { ...accepted, type: "Programmed", reason: "Invalid" };
    collector.status(keyOf(set), { conditions: [accepted, programmed] });
    report(set, "ListenerSet", collector);
  }
}

function isOurs(ref: ParentReference, namespace: string, facts: Facts): boolean {
  if (ref.group === "" && ref.kind === "Service") return true;
  if (ref.group !== gatewayGroup || ref.kind !== "Gateway") return false;
  return facts.read(gatewayFact(ref.namespace ?? namespace, ref.name)) !== undefined;
}

function messageFor(kind: KindName): string {
  return `this version does not serve ${kind} yet, so it has no effect`;
}

function notServed(_: Resource, kind: KindName, generation: number | undefined): StatusCondition {
  return condition(
    "Accepted",
    "False",
    { reason: "UnsupportedValue", message: messageFor(kind) },
    generation,
  );
}

function report(resource: Resource, kind: KindName, collector: Collector): void {
  collector.problem(keyOf(resource), "kind", messageFor(kind), "error");
}
