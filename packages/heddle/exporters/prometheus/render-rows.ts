import { BUCKETS_MS, NONE, OTHER } from "@heddle/engine/observe";
import type { IndexedGroup, MetricsRegistry } from "@heddle/engine/observe";
import { Family, labels } from "./exposition.ts";
import type { Labels } from "./exposition.ts";
import type { GroupMetrics, RowMetric } from "./metrics.ts";

const BOUNDS_SECONDS: readonly string[] = BUCKETS_MS.map((ms) => String(ms / 1_000));

/** The families of one group, with a sample for each row that has counted anything. */
export function renderRows(registry: MetricsRegistry, table: GroupMetrics): string {
  const families = table.metrics.map(({ name, type, help }) => new Family(name, type, help));
  const { histogram } = table;
  const durations = histogram === null ? null : new Family(histogram.name, "histogram", histogram.help);
  registry.visit(table.group, (key, cells) => {
    const own = rowLabels(table.group, key);
    table.metrics.forEach((metric, i) => addSamples(families[i], metric, own, cells));
    if (durations !== null) addHistogram(durations, own, cells, histogram!.cell);
  });
  return families.map((family) => family.text).join("") + (durations?.text ?? "");
}

/** A row's labels from its key in the registry. */
function rowLabels(group: IndexedGroup, key: string): Labels {
  const isReserved = key === NONE || key === OTHER;
  if (group === "route") {
    const slash = key.lastIndexOf("/");
    if (isReserved || slash < 0) return labels([["route", key]]);
    return labels([
      ["route", key.slice(0, slash)],
      ["rule", key.slice(slash + 1)],
    ]);
  }
  if (group !== "endpoint") return labels([[group === "cluster" ? "service" : group, key]]);
  const bar = key.indexOf("|");
  return labels([
    ["service", bar < 0 ? key : key.slice(0, bar)],
    ["endpoint", key.slice(bar + 1)],
  ]);
}

function addSamples(family: Family, metric: RowMetric, own: Labels, cells: Float64Array): void {
  for (const { label, cell, minus } of metric.samples) {
    // A gauge back at 0 is told; a counter that never moved is not.
    if (cells[cell] === 0) continue;
    const value = minus === undefined ? cells[cell] : Math.max(0, cells[cell] - cells[minus]);
    family.sample(label === "" ? own : `${own},${label}`, value);
  }
}

function addHistogram(family: Family, own: Labels, cells: Float64Array, at: number): void {
  const counts = cells.subarray(at, at + BUCKETS_MS.length + 1);
  if (counts.every((count) => count === 0)) return;
  family.histogram(own, BOUNDS_SECONDS, counts, cells[at + BUCKETS_MS.length + 1] / 1_000);
}
