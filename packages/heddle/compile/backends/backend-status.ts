import { keyOf, type Backend } from "../../resources/index.ts";
import { planBackend } from "./backend-cluster.ts";
import type { Collector } from "../pass/collector.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { FactReader, Facts } from "../pass/facts.ts";
import type { CompileMemo } from "../pass/memo.ts";
import { goodUnless, verdictOf, type ConditionsStatus, type Finding } from "../io/status.ts";

interface BackendReport {
  readonly status: ConditionsStatus;
  readonly findings: readonly Finding[];
}

/** The statuses of Backends, used by a route or not. */
export function reportBackends(
  facts: Facts,
  options: CompileOptions,
  memo: CompileMemo,
  collector: Collector,
): void {
  for (const backend of facts.ofKind("Backend")) {
    const key = keyOf(backend);
    const { status, findings } = memo.of(key, backend, facts, (reader) => report(backend, reader, options));
    collector.status(key, status);
    collector.findings(key, findings);
  }
}

function report(backend: Backend, facts: FactReader, options: CompileOptions): BackendReport {
  const { refused, unresolved } = planBackend(backend, facts, options.controlAddresses ?? []);
  const { generation } = backend.metadata;
  return {
    status: {
      conditions: [
        goodUnless("Accepted", verdictOf(refused), "Accepted", generation),
        goodUnless("ResolvedRefs", verdictOf(unresolved), "ResolvedRefs", generation),
      ],
    },
    findings: [...refused, ...unresolved],
  };
}
