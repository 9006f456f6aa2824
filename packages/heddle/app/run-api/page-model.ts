import { ENDPOINT, ROUTE, STATUS_CLASSES, type MetricsRegistry } from "@heddle/engine/observe";
import type { ListenerUnit, RouteUnit } from "@heddle/engine/model";
import type { PageEndpoint, PageListener, PageModel, PageRoute } from "../../api/index.ts";
import type { AppliedConfiguration } from "../configuration/configuration.ts";
import { formatProblem } from "../report/reported-problem.ts";

/** Rows of a table; a page of 10,000 routes helps nobody. */
const maxRows = 200;

/** What the page at `/` shows: the configuration in force with its counters. */
export function pageModel(
  version: string,
  unready: readonly string[],
  applied: AppliedConfiguration | null,
  registry: MetricsRegistry,
): PageModel {
  const units = (applied?.units.toArray() ?? []).map(({ unit }) => unit);
  const routes = units.filter((unit) => unit.kind === "route");
  const endpoints = units.flatMap((unit) => (unit.kind === "endpoints" ? unit.endpoints : []));
  const errors = new Map(applied?.listeners.map(({ name, error }) => [name, error]));
  return {
    version,
    unready,
    problems: (applied?.problems ?? []).slice(0, maxRows).map(formatProblem),
    listeners: units
      .filter((unit) => unit.kind === "listener")
      .map((unit) => listenerRow(unit, errors.get(unit.name) ?? "")),
    routes: routeRows(routes.slice(0, maxRows), registry),
    routeCount: routes.length,
    endpoints: endpointRows(registry).slice(0, maxRows),
    endpointCount: endpoints.length,
  };
}

function listenerRow({ name, protocol, servers }: ListenerUnit, problem: string): PageListener {
  const shown = servers.map(({ id, hostname }) => (hostname === "" ? id : `${id} (${hostname})`));
  return { address: name.replace("/", " port "), protocol, servers: shown.join(", "), problem };
}

function routeRows(routes: readonly RouteUnit[], registry: MetricsRegistry): PageRoute[] {
  const counts = new Map<string, { requests: number; faults: number }>();
  registry.visit("route", (key, cells) => {
    const route = key.slice(0, key.lastIndexOf("/"));
    const { requests, faults } = counts.get(route) ?? { requests: 0, faults: 0 };
    counts.set(route, {
      requests: requests + sum(cells, STATUS_CLASSES),
      faults: faults + cells[ROUTE.faults]!,
    });
  });
  return routes.map(({ name, attachments, rules }) => {
    const hostnames = new Set(attachments.flatMap((attachment) => attachment.hostnames));
    const shown = rules.map(({ matches }) =>
      matches.map(({ path }) => `${path.type} ${path.value}`).join(" or "),
    );
    return {
      name,
      hostnames: [...hostnames].map((hostname) => hostname || "any").join(", "),
      rules: shown.join("; "),
      ...(counts.get(name) ?? { requests: 0, faults: 0 }),
    };
  });
}

/** Those that have been asked for anything yet. */
function endpointRows(registry: MetricsRegistry): PageEndpoint[] {
  const rows: PageEndpoint[] = [];
  registry.visit("endpoint", (key, cells) => {
    const bar = key.indexOf("|");
    if (bar === -1) return;
    rows.push({
      service: key.slice(0, bar),
      endpoint: key.slice(bar + 1),
      open: cells[ENDPOINT.attemptsStarted]! - cells[ENDPOINT.attemptsEnded]!,
      attempts: cells[ENDPOINT.attemptsStarted]!,
      failed: cells[ENDPOINT.attemptsFailed]! + cells[ENDPOINT.connectFailed]!,
      ejections: cells[ENDPOINT.ejections]!,
      health: healthOf(cells),
    });
  });
  return rows;
}

/** While workers learn of a change they may differ for a moment: any that leaves it out counts. */
function healthOf(cells: Float64Array): string {
  if (cells[ENDPOINT.unhealthyBegun]! > cells[ENDPOINT.unhealthyEnded]!) return "unhealthy";
  if (cells[ENDPOINT.ejections]! > cells[ENDPOINT.ejectionsEnded]!) return "ejected";
  return cells[ENDPOINT.healthChecks]! > 0 ? "healthy" : "";
}

function sum(cells: Float64Array, count: number): number {
  let total = 0;
  for (let cell = 0; cell < count; cell++) total += cells[cell]!;
  return total;
}
