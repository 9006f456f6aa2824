import { median, percentile, ratio, smallest } from "../rig/index.ts";
import { plainBeside, reachAgainstCaddy, type Case } from "./cases.ts";
import type { Row } from "./run-case.ts";

/** One row as it is printed and written: medians over its rounds, and what they are compared with. */
export interface Summary {
  case: string;
  proxy: string;
  state: "ok" | "invalid" | "failed";
  problems: string[];
  cpuMicros?: number;
  cpuMicrosMin?: number;
  cpuMicrosMax?: number;
  cpuMicrosRounds?: number[];
  /**
   * what the cheapest quarter of all fifths of a second stays below: near to what it costs without neighbours, and without
   * the proxy's own rarer work, such as large collections of garbage
   */
  quietMicros?: number;
  requestsPerSecond?: number;
  p99Ms?: number;
  residentMB?: number;
  utilisation?: number;
  disturbance?: number;
  /** to the better of nginx and HAProxy, or to one worker in `workers2` */
  ratio?: number;
  ratioToCaddy?: number;
  /** `ratio` of the quiet figures */
  quietRatio?: number;
  /** to Heddle's plain row in the same rounds, where the case has a bound for it */
  ratioToPlain?: number;
  /** what was asked of Heddle and whether it was reached, such as "1.12 of 1.25" */
  verdicts: { text: string; isMet: boolean }[];
}

/** Medians of every row, then the ratios among the rows of a case. A row with problems is compared with nothing. */
export function summarise(rows: readonly Row[], cases: readonly Case[]): Summary[] {
  const summaries = rows.map(summariseRow);
  for (const its of cases) {
    const group = summaries.filter((each) => each.case === its.name);
    for (const summary of group) compare(summary, group, its);
  }
  return summaries;
}

function summariseRow({ case: name, proxy, windows, problems }: Row): Summary {
  const base = { case: name, proxy, problems, verdicts: [] };
  if (problems.length > 0) return { ...base, state: windows.length > 0 ? "invalid" : "failed" };
  const cpu = windows.map(({ cpuMicros }) => cpuMicros);
  return {
    ...base,
    state: "ok",
    cpuMicros: median(cpu),
    cpuMicrosMin: Math.min(...cpu),
    cpuMicrosMax: Math.max(...cpu),
    cpuMicrosRounds: cpu,
    quietMicros: percentile(
      windows.flatMap(({ partMicros }) => partMicros),
      0.25,
    ),
    requestsPerSecond: median(windows.map((each) => each.requestsPerSecond)),
    p99Ms: median(windows.map((each) => each.p99Ms ?? NaN)),
    residentMB: median(windows.map((each) => each.residentBytes)) / 1e6,
    utilisation: median(windows.map((each) => each.utilisation)),
    disturbance: median(windows.map((each) => each.disturbance)),
  };
}

function compare(summary: Summary, group: readonly Summary[], its: Case): void {
  if (summary.proxy === plainBeside) return;
  const figureOf = (proxy: string, figure: "cpuMicros" | "quietMicros"): number | undefined =>
    group.find((each) => each.proxy === proxy)?.[figure];
  const baseOf = (figure: "cpuMicros" | "quietMicros"): number | undefined =>
    its.comparesWorkers
      ? figureOf("heddle, 1 worker", figure)
      : smallest([figureOf("nginx", figure), figureOf("haproxy", figure)]);
  const toBase = ratio(summary.cpuMicros, baseOf("cpuMicros"));
  const quiet = ratio(summary.quietMicros, baseOf("quietMicros"));
  const toCaddy = ratio(summary.cpuMicros, figureOf("caddy", "cpuMicros"));
  const toPlain =
    its.reachOfPlain !== undefined ? ratio(summary.cpuMicros, figureOf(plainBeside, "cpuMicros")) : undefined;
  if (toBase !== undefined) summary.ratio = toBase;
  if (toCaddy !== undefined) summary.ratioToCaddy = toCaddy;
  if (quiet !== undefined) summary.quietRatio = quiet;
  if (toPlain !== undefined) summary.ratioToPlain = toPlain;
  // the target is for Heddle as it is run, with its log, and for the second worker
  if (summary.proxy !== "heddle" && summary.proxy !== "heddle, 2 workers") return;
  addVerdict(summary, its.comparesWorkers ? "one worker" : "C", toBase, its.reach);
  addVerdict(summary, "Caddy", toCaddy, reachAgainstCaddy);
  addVerdict(summary, "plain", toPlain, its.reachOfPlain);
}

function addVerdict(
  summary: Summary,
  against: string,
  value: number | undefined,
  reach: number | undefined,
): void {
  if (value === undefined || reach === undefined) return;
  const isMet = value <= reach;
  summary.verdicts.push({ text: `${against} ${value.toFixed(2)}${isMet ? " ≤ " : " OVER "}${reach}`, isMet });
}
