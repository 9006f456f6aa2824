import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Load, LoadResult } from "./load.ts";
import type { Command } from "./processes.ts";
import { requireTool } from "./tools.ts";

const mark = "heddle-bench ";

/** wrk with one thread, its script written into the load's folder. */
export function wrkCommand(load: Load): Command {
  const script = join(load.folder, "wrk.lua");
  writeFileSync(script, wrkScript(load));
  const flags = ["-t1", `-c${load.connections}`, `-d${load.seconds}s`, "--timeout", "10s"];
  return { argv: [requireTool("wrk"), ...flags, "-s", script, load.url] };
}

/** wrk's own text rounds and changes units (`1.02k`, `9.8ms`), so its script prints the plain numbers in one line. */
export function wrkScript(load: Pick<Load, "method" | "bodyBytes" | "header" | "closes">): string {
  const body =
    load.bodyBytes === 0
      ? ""
      : `wrk.body = string.rep("x", ${load.bodyBytes})\nwrk.headers["Content-Type"] = "text/plain"\n`;
  const closes = load.closes === true ? 'wrk.headers["Connection"] = "close"\n' : "";
  return `wrk.method = "${load.method}"
${body}${closes}${load.header === undefined ? "" : requestsInTurn(load.header)}function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("${mark}requests=%d micros=%d status=%d connect=%d read=%d write=%d timeout=%d p50=%d p99=%d\\n",
    summary.requests, summary.duration, e.status, e.connect, e.read, e.write, e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`;
}

/** The requests are made before the load begins, so that its script costs next to nothing. */
function requestsInTurn({ name, values }: NonNullable<Load["header"]>): string {
  const list = values.map((value) => JSON.stringify(value)).join(", ");
  return `local made, at = {}, 0
function init(args)
  for i, value in ipairs({ ${list} }) do
    wrk.headers["${name}"] = value
    made[i] = wrk.format()
  end
end
function request()
  at = at % #made + 1
  return made[at]
end
`;
}

/** Result line of our wrk script, or undefined when there is none or it lacks a field. Latencies come in microseconds. */
export function parseWrkOutput(output: string): LoadResult | undefined {
  const line = output.split("\n").find((each) => each.startsWith(mark));
  if (line === undefined) return undefined;
  const fields = new Map<string, number>();
  for (const pair of line.slice(mark.length).trim().split(" ")) {
    const [name = "", value = ""] = pair.split("=");
    fields.set(name, value === "" ? NaN : Number(value));
  }
  const field = (name: string): number => fields.get(name) ?? NaN;
  const seconds = field("micros") / 1e6;
  const result = {
    requests: field("requests"),
    seconds,
    requestsPerSecond: field("requests") / seconds,
    badStatuses: field("status"),
    socketErrors: field("connect") + field("read") + field("write") + field("timeout"),
    p50Ms: field("p50") / 1000,
    p99Ms: field("p99") / 1000,
  };
  return Object.values(result).every(Number.isFinite) ? result : undefined;
}
