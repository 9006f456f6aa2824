import { keyOf, type Backend } from "../resources/index.ts";
import { planBackend } from "./backend-cluster.ts";
import type { Collector } from "./collector.ts";
import type { CompileOptions } from "./compile-io.ts";
import type { Facts } from "./facts.ts";
import { goodUnless, verdictOf } from "./status.ts";

/** The statuses of Backends, used by a route or not. */
export function reportBackends(facts: Facts, options: CompileOptions, collector: Collector): void {
  for (const backend of facts.ofKind("Backend")) reportBackend(backend, facts, options, collector);
}

function reportBackend(backend: Backend, facts: Facts, options: CompileOptions, collector: Collector): void {
  const { refused, unresolved } = planBackend(backend, facts, options.controlAddresses ?? []);
  const { generation } = backend.metadata;
  collector.status(keyOf(backend), {
    conditions: [
      goodUnless("Accepted", verdictOf(refused), "Accepted", generation),
      goodUnless("ResolvedRefs", verdictOf(unresolved), "ResolvedRefs", generation),
    ],
  });
  collector.findings(keyOf(backend), [...refused, ...unresolved]);
}
