import type { Balance } from "./balance.ts";
import type { Trial } from "./trial.ts";

/** One row of the report of faults. */
export interface FaultRow {
  fault: string;
  proxy: string;
  /** why it was not run; else `trial` is there */
  skipped?: string;
  trial?: Trial;
}

const faultHeadings = [
  "fault",
  "proxy",
  "GETs",
  "failed",
  "POSTs",
  "failed",
  "twice",
  "wrong",
  "p99 ms",
  "avoided ms",
];
const balanceHeadings = ["proxy", "requests", "failed", "p50 ms", "p90 ms", "p99 ms"];

/** Tables in Markdown, as bench/README.md has them. */
export function formatFaults(rows: readonly FaultRow[]): string {
  return table([faultHeadings, ...rows.map(faultCells)]);
}

export function formatBalance(rows: readonly Balance[]): string {
  return table([
    balanceHeadings,
    ...rows.map(({ name, requests, failed, p50Ms, p90Ms, p99Ms }) => [
      name,
      ...[requests, failed, p50Ms, p90Ms, p99Ms].map((value) => value.toFixed(0)),
    ]),
  ]);
}

export function faultCells({ fault, proxy, skipped, trial }: FaultRow): string[] {
  if (trial === undefined) return [fault, proxy, `not run: ${skipped ?? ""}`, "", "", "", "", "", "", ""];
  const { gets, failedGets, posts, failedPosts, repeatedPosts, wrongBodies, p99Ms, avoidedMs } = trial;
  const counts = [gets, failedGets, posts, failedPosts, repeatedPosts, wrongBodies, Math.round(p99Ms)];
  return [fault, proxy, ...counts.map(String), describeAvoided(avoidedMs)];
}

function describeAvoided(avoidedMs: number | undefined): string {
  if (avoidedMs === undefined) return "–";
  return avoidedMs === Infinity ? "never" : String(Math.round(avoidedMs));
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join(
    "\n",
  );
}
