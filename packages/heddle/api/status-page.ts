import { hash } from "node:crypto";
import type { Answer } from "./answer.ts";

/** What the page shows; all texts, escaped here. */
export interface PageModel {
  readonly version: string;
  readonly unready: readonly string[];
  readonly problems: readonly string[];
  readonly listeners: readonly PageListener[];
  readonly routes: readonly PageRoute[];
  /** How many there are, of which `routes` are the first. */
  readonly routeCount: number;
  readonly endpoints: readonly PageEndpoint[];
  readonly endpointCount: number;
}

export interface PageListener {
  readonly address: string;
  readonly protocol: string;
  readonly servers: string;
  /** "" while it listens. */
  readonly problem: string;
}

export interface PageRoute {
  readonly name: string;
  readonly hostnames: string;
  readonly rules: string;
  readonly requests: number;
  readonly faults: number;
}

export interface PageEndpoint {
  readonly service: string;
  readonly endpoint: string;
  readonly open: number;
  readonly attempts: number;
  readonly failed: number;
  readonly ejections: number;
  /** What health checks and requests say; "" where nothing is known. */
  readonly health: string;
}

const style = `
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{margin:2rem auto;max-width:70rem;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid #8884;padding:.3rem .6rem;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.bad{color:#c22}.ok{color:#282}
`;

/** The only style that the page may have: its own, by its hash. */
const stylePolicy = `'sha256-${hash("sha256", style, "base64")}'`;
const policy = `default-src 'none'; style-src ${stylePolicy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Read only, without scripts and anything from elsewhere. */
export function renderPage(model: PageModel): Answer {
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Heddle</title>
<style>${style}</style>
<h1>Heddle ${escapeHtml(model.version)}</h1>
${stateOf(model)}
<h2>Listeners</h2>
${table(
  ["Address", "Protocol", "Gateway listeners", "State"],
  model.listeners.map(({ address, protocol, servers, problem }) => [
    address,
    protocol,
    servers,
    problem || "listening",
  ]),
)}
<h2>Routes${countNote(model.routes.length, model.routeCount)}</h2>
${table(
  ["Route", "Hosts", "Rules", "Requests", "Faults"],
  model.routes.map(({ name, hostnames, rules, requests, faults }) => [
    name,
    hostnames,
    rules,
    requests,
    faults,
  ]),
)}
<h2>Endpoints${countNote(model.endpoints.length, model.endpointCount)}</h2>
${table(
  ["Service", "Endpoint", "In flight", "Attempts", "Failed", "Ejections", "Health"],
  model.endpoints.map((one) => [
    one.service,
    one.endpoint,
    one.open,
    one.attempts,
    one.failed,
    one.ejections,
    one.health,
  ]),
)}
<p>Also here: <a href="/metrics">metrics</a>, <a href="/readyz">readiness</a>, <a href="/apis">the resource API</a>.</p>
</html>
`;
  return {
    status: 200,
    contentType: "text/html; charset=utf-8",
    body,
    headers: { "content-security-policy": policy },
  };
}

function stateOf({ unready, problems }: PageModel): string {
  const state =
    unready.length === 0
      ? '<p class="ok">ready</p>'
      : `<p class="bad">not ready: ${escapeHtml(unready.join("; "))}</p>`;
  if (problems.length === 0) return state;
  const items = problems.map((problem) => `<li>${escapeHtml(problem)}</li>`).join("\n");
  return `${state}\n<h2>Problems</h2>\n<ul class="bad">\n${items}\n</ul>`;
}

const countNote = (shown: number, all: number): string =>
  shown === all ? "" : ` (the first ${shown} of ${all})`;

function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return "<p>none</p>";
  const head = heads.map((name) => `<th>${name}</th>`).join("");
  const cell = (value: string | number) =>
    typeof value === "number" ? `<td class="n">${value}</td>` : `<td>${escapeHtml(value)}</td>`;
  const lines = rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`).join("\n");
  return `<table>\n<tr>${head}</tr>\n${lines}\n</table>`;
}
