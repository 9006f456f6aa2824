import type { Case } from "./cases.ts";
import type { Summary } from "./summary.ts";

const headings = [
  "proxy",
  "CPU µs/req",
  "min–max",
  "to C",
  "to Caddy",
  "quiet µs",
  "to C",
  "req/s",
  "p99 ms",
  "RSS MB",
  "core %",
  "other %",
  "",
];

/** Share of the proxy's core that others may take before a row says so. */
const tolerableDisturbance = 0.1;

/** A title and an aligned table per case, plain text. */
export function formatReport(summaries: readonly Summary[], cases: readonly Case[]): string {
  const parts = cases.flatMap((its) => {
    const rows = summaries.filter((each) => each.case === its.name);
    if (rows.length === 0) return []; // `workers2` without Heddle
    const first = its.comparesWorkers ? headings.with(3, "to 1 w.").with(6, "to 1 w.") : headings;
    return `${its.name}: ${its.title}\n${alignColumns([first, ...rows.map(cells)])}`;
  });
  return `${parts.join("\n\n")}\n`;
}

/** First column to the left, last as it comes, numbers between to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string {
  // a row of two cells is a name and a remark, which may be as long as it likes
  const width = (column: number): number =>
    Math.max(...rows.map((row) => (column === 0 || row.length > 2 ? (row[column]?.length ?? 0) : 0)));
  const pad = (cell: string, column: number, row: readonly string[]): string => {
    if (column === 0) return cell.padEnd(width(0));
    return column === row.length - 1 ? cell : cell.padStart(width(column));
  };
  return rows.map((row) => `  ${row.map((cell, i) => pad(cell, i, row)).join("  ")}`.trimEnd()).join("\n");
}

function cells(summary: Summary): string[] {
  const { proxy, state, problems } = summary;
  if (state !== "ok") return [proxy, `${state}: ${problems.join("; ")}`];
  return [
    proxy,
    fixed(summary.cpuMicros, 1),
    `${fixed(summary.cpuMicrosMin, 1)}–${fixed(summary.cpuMicrosMax, 1)}`,
    fixed(summary.ratio, 2),
    fixed(summary.ratioToCaddy, 2),
    fixed(summary.quietMicros, 1),
    fixed(summary.quietRatio, 2),
    fixed(summary.requestsPerSecond, 0),
    fixed(summary.p99Ms, 1),
    fixed(summary.residentMB, 0),
    fixed((summary.utilisation ?? NaN) * 100, 0),
    fixed((summary.disturbance ?? NaN) * 100, 0),
    remarks(summary),
  ];
}

function remarks({ verdicts, disturbance }: Summary): string {
  const isDisturbed = (disturbance ?? 0) > tolerableDisturbance;
  return [...verdicts.map(({ text }) => text), ...(isDisturbed ? ["disturbed by others: repeat"] : [])].join(
    ", ",
  );
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits);
}
