import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireTool } from "./tools.ts";

export interface Load {
  url: string;
  method: "GET" | "POST";
  /** bytes of the request body; 0 sends none */
  bodyBytes: number;
  connections: number;
  seconds: number;
  /** taskset list of the load generator */
  cores: string;
  /** where the script for wrk is written */
  folder: string;
}

export interface LoadResult {
  requests: number;
  seconds: number;
  requestsPerSecond: number;
  /** answers of status 400 and above; wrk does not count 3xx, which the readiness check rules out */
  badStatuses: number;
  socketErrors: number;
  p50Ms: number;
  p99Ms: number;
}

const mark = "heddle-bench ";

/** Runs wrk with one thread. `stop()` ends it early, after which the result is refused. */
export function runLoad(load: Load): { result: Promise<LoadResult>; stop: () => void } {
  const script = join(load.folder, "wrk.lua");
  writeFileSync(script, wrkScript(load));
  const wrk = [requireTool("wrk"), "-t1", `-c${load.connections}`, `-d${load.seconds}s`, "--timeout", "10s"];
  const argv = ["-c", load.cores, ...wrk, "-s", script, load.url];
  const child = spawn(requireTool("taskset"), argv, { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const killOnExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killOnExit);
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => {
      process.off("exit", killOnExit);
      const output = Buffer.concat(chunks).toString();
      const parsed = parseWrkOutput(output);
      if (parsed === undefined) reject(new Error(`wrk gave no result: ${output.trim().slice(0, 300)}`));
      else resolve(parsed);
    });
  });
  result.catch(() => {}); // it may fail before its caller gets to await it
  return { result, stop: killOnExit };
}

/** wrk's own text rounds and changes units (`1.02k`, `9.8ms`), so its script prints the plain numbers in one line. */
export function wrkScript(load: Pick<Load, "method" | "bodyBytes">): string {
  const body =
    load.bodyBytes === 0
      ? ""
      : `wrk.body = string.rep("x", ${load.bodyBytes})\nwrk.headers["Content-Type"] = "text/plain"\n`;
  return `wrk.method = "${load.method}"
${body}function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("${mark}requests=%d micros=%d status=%d connect=%d read=%d write=%d timeout=%d p50=%d p99=%d\\n",
    summary.requests, summary.duration, e.status, e.connect, e.read, e.write, e.timeout,
    latency:percentile(50), latency:percentile(99)))
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
