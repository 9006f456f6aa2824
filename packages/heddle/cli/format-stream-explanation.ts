import {
  type ExplainedStreamListener,
  type ExplainedStreamMatch,
  type StreamExplanation,
} from "../app/explain/index.ts";
import { oneLine } from "../app/index.ts";
import { formatBackend, sourceOf } from "./format-explanation.ts";

/** As `formatExplanation`, of a connection or of datagrams. */
export function formatStreamExplanation({ connection, listeners, problem }: StreamExplanation): string {
  const lines = [connection.url];
  if (problem !== "") lines.push(`  ${problem}`);
  const end = connection.scheme === "udp" ? "dropped" : "closed";
  for (const listener of listeners) lines.push(...formatListener(listener, end).map((line) => `  ${line}`));
  return `${lines.map(oneLine).join("\n")}\n`;
}

const passages = {
  connections: "",
  datagrams: "",
  requests: "",
  "opened TLS": "TLS is opened, and what it carries is passed on",
  "unopened TLS": "TLS is passed on unopened",
} as const;

function formatListener(
  { address, server, hostname, takes, match, others }: ExplainedStreamListener,
  end: string,
): string[] {
  const lines = [`listener ${address}`];
  if (server === null) return [...lines, `  no hostname of its listeners fits: ${end}`];
  lines.push(`  server ${server}${hostname === "" ? "" : ` (${hostname})`}`);
  if (takes === "requests") return [...lines, "  it takes requests: explain METHOD https://…"];
  if (passages[takes] !== "") lines.push(`  ${passages[takes]}`);
  if (match === null) lines.push(`  no route takes it: ${end}`);
  else lines.push(...formatMatch(match, end).map((line) => `  ${line}`));
  if (others.length > 0) {
    lines.push("  others, in order of precedence:");
    for (const { route, hostname: own, reason } of others)
      lines.push(`    ${route}${own === "" ? "" : ` (${own})`}: ${reason}`);
  }
  return lines;
}

function formatMatch(
  { route, rule, hostname, idleMs, policies, backends }: ExplainedStreamMatch,
  end: string,
): string[] {
  return [
    `route ${route} rule ${rule}${hostname === "" ? "" : `: ${hostname}`}`,
    ...(idleMs > 0 ? [`  ends after ${idleMs} ms without an octet either way`] : []),
    ...policies.map((source) => `  ${sourceOf(source)}`),
    ...(backends.length > 0 ? [] : [`  no backends: ${end}`]),
    ...backends.flatMap((backend) => formatBackend(backend, end, end).map((line) => `  ${line}`)),
  ];
}
