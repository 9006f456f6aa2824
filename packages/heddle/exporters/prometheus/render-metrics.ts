import { PRIORITIES } from "@heddle/engine/model";
import { FAULT_CODES, REFUSALS, WORKER } from "@heddle/engine/observe";
import type { MetricsRegistry } from "@heddle/engine/observe";
import { renderCanaries, type CanaryWeight } from "./canaries.ts";
import { renderCertificates, type CertificateExpiry } from "./certificates.ts";
import { Family, labels } from "./exposition.ts";
import { renderKeySets, type KeySetFigures } from "./key-sets.ts";
import type { MetricType } from "./exposition.ts";
import { GROUP_METRICS } from "./metrics.ts";
import type { ProcessFacts } from "./process-facts.ts";
import { renderRows } from "./render-rows.ts";

/**
 * Everything that is counted, in Prometheus's text format 0.0.4. Label sets are bounded: those of routes, services
 * and endpoints by the registry's setting, codes and kinds by their tables, filters' events at 255 a worker. Rows
 * that have counted nothing are left out; codes and kinds are all there from the start, so that an alert on a rate
 * sees the first one.
 */
export function renderMetrics(
  registry: MetricsRegistry,
  facts: ProcessFacts,
  certificates: readonly CertificateExpiry[],
  canaries: readonly CanaryWeight[],
  keySets: readonly KeySetFigures[],
): string {
  return (
    GROUP_METRICS.map((table) => renderRows(registry, table)).join("") +
    renderCertificates(certificates) +
    renderCanaries(canaries) +
    renderKeySets(keySets) +
    renderTables(registry) +
    renderEvents(registry) +
    renderWorkers(registry) +
    renderProcess(facts)
  );
}

function renderTables(registry: MetricsRegistry): string {
  const totals = registry.workerTotals();
  const faults = new Family("heddle_faults_total", "counter", "Requests that ended with a fault, by code.");
  FAULT_CODES.forEach((code, i) => faults.sample(labels([["code", code]]), totals[WORKER.faults + i]));
  const refusals = new Family(
    "heddle_refusals_total",
    "counter",
    "Connections and requests turned away by a limit or rule.",
  );
  REFUSALS.forEach((kind, i) => refusals.sample(labels([["kind", kind]]), totals[WORKER.refusals + i]));
  const shed = new Family("heddle_load_shed_total", "counter", "Requests refused to shed load, by priority.");
  PRIORITIES.forEach((name, i) =>
    shed.sample(labels([["priority", name.toLowerCase()]]), totals[WORKER.shed + i]),
  );
  return (
    faults.text +
    refusals.text +
    shed.text +
    single("heddle_access_log_lines_total", "counter", "Lines of the access log.", totals[WORKER.logLines]) +
    single(
      "heddle_access_log_dropped_total",
      "counter",
      "Lines dropped because the log's file or pipe did not keep up.",
      totals[WORKER.logDropped],
    )
  );
}

function renderEvents(registry: MetricsRegistry): string {
  const events = new Family("heddle_filter_events_total", "counter", "What filters count.");
  const late = new Family(
    "heddle_filter_over_budget_total",
    "counter",
    "Calls of filters of your own that kept their worker for longer than spec.budget.",
  );
  for (const [name, count] of registry.eventTotals()) {
    const bar = name.indexOf("|");
    const filter = ["filter", name.slice(0, bar)] as const;
    const event = name.slice(bar + 1);
    if (event === "over-budget") late.sample(labels([filter]), count);
    else events.sample(labels([filter, ["event", event]]), count);
  }
  return events.text + late.text;
}

function renderWorkers(registry: MetricsRegistry): string {
  const delay = new Family(
    "heddle_worker_event_loop_delay_max_seconds",
    "gauge",
    "Longest delay of a worker's event loop in its latest window.",
  );
  const median = new Family(
    "heddle_worker_event_loop_delay_seconds",
    "gauge",
    "How long requests wait for a worker's event loop.",
  );
  const refused = new Family(
    "heddle_worker_refused_share",
    "gauge",
    "Share of requests that is refused to shed load.",
  );
  const version = new Family("heddle_snapshot_version", "gauge", "Version of the configuration in force.");
  registry.visitWorkers((worker, cells) => {
    const own = labels([["worker", String(worker)]]);
    delay.sample(own, cells[WORKER.loopDelayMaxMs] / 1_000);
    median.sample(own, cells[WORKER.loopDelayMs] / 1_000);
    refused.sample(own, cells[WORKER.refusedShare]);
    version.sample(own, cells[WORKER.snapshotVersion]);
  });
  return (
    delay.text +
    median.text +
    refused.text +
    version.text +
    single(
      "heddle_worker_restarts_total",
      "counter",
      "Workers replaced after a crash.",
      registry.workerRestarts,
    )
  );
}

function renderProcess(facts: ProcessFacts): string {
  const build = new Family("heddle_build_info", "gauge", "Always 1; the labels say what runs.");
  build.sample(
    labels([
      ["version", facts.version],
      ["node", facts.node],
    ]),
    1,
  );
  return (
    build.text +
    single(
      "process_resident_memory_bytes",
      "gauge",
      "Resident memory of the whole process.",
      facts.residentBytes,
    ) +
    single(
      "process_cpu_seconds_total",
      "counter",
      "User and system time of the whole process.",
      facts.cpuSeconds,
    ) +
    single(
      "process_start_time_seconds",
      "gauge",
      "Start of the process, seconds since the epoch.",
      facts.startSeconds,
    )
  );
}

function single(name: string, type: MetricType, help: string, value: number): string {
  const family = new Family(name, type, help);
  family.sample("", value);
  return family.text;
}
