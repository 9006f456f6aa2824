import type { StartReport } from "../app/index.ts";
import { paint, type Terminal } from "./terminal.ts";

/** Says what is up: the routes with a curl line each, or, where there are none, what to do next. */
export function printStart(
  report: StartReport,
  format: "text" | "json",
  paths: readonly string[],
  terminal: Terminal,
): void {
  if (format === "json") terminal.out(`${JSON.stringify(report)}\n`);
  else terminal.out([heading(report, terminal), ...bodyOf(report, paths, terminal), ""].join("\n"));
}

function heading({ version, api }: StartReport, terminal: Terminal): string {
  return `${paint(terminal, "bold", `heddle ${version}`)}: API and status page at ${api}`;
}

function bodyOf(report: StartReport, paths: readonly string[], terminal: Terminal): string[] {
  if (report.routeCount === 0) return nextSteps(report, paths);
  const lines = report.routes.flatMap(({ route, url, curl }) => [
    "",
    `${paint(terminal, "cyan", url)}  (HTTPRoute ${route})`,
    `  ${curl}`,
  ]);
  const more = report.routeCount - report.routes.length;
  if (more > 0) {
    const list = `${report.api}/apis/gateway.networking.k8s.io/v1/httproutes`;
    lines.push(
      "",
      report.routes.length > 0 ? `and ${more} more: ${list}` : `no route is served; their status: ${list}`,
    );
  }
  return lines;
}

function nextSteps({ api }: StartReport, paths: readonly string[]): string[] {
  const first =
    paths.length === 0
      ? "there are no routes yet"
      : `${paths.join(", ")} ${paths.length === 1 ? "gives" : "give"} no route that a listener serves`;
  const step = (what: string, command: string) => [`  ${what}`, `    ${command}`];
  return [
    "",
    `Next, as ${first}:`,
    ...step(
      "1. put a service that runs here behind a name",
      "heddle run --route shop.localhost/api=http://127.0.0.1:3000",
    ),
    ...step(
      "2. or run a configuration, and edit it while it runs",
      "heddle check gateway.yaml && heddle run -f gateway.yaml",
    ),
    ...step(
      "3. look at what is configured, with its status",
      `curl ${api}/apis/gateway.networking.k8s.io/v1/httproutes`,
    ),
  ];
}
