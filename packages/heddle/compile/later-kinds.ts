import { keyOf, type KindName, type Resource } from "../resources/index.ts";
import type { Collector } from "./collector.ts";
import type { CompileOptions } from "./compile-io.ts";
import type { Facts } from "./facts.ts";
import { condition, type StatusCondition } from "./status.ts";

/**
 * Kinds that are validated and not served yet: each resource says so, so that nobody takes it for done.
 */
export function reportLaterKinds(facts: Facts, _options: CompileOptions, collector: Collector): void {
  for (const set of facts.ofKind("ListenerSet")) {
    const accepted = notServed(set, "ListenerSet", set.metadata.generation);
    const programmed = { ...accepted, type: "Programmed", reason: "Invalid" };
    collector.status(keyOf(set), { conditions: [accepted, programmed] });
    report(set, "ListenerSet", collector);
  }
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
