import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { grpcHeaders, grpcRequest } from "./grpc.ts";
import type { Load, LoadResult } from "./load.ts";
import type { Command } from "./processes.ts";
import { requireTool } from "./tools.ts";

/** h2load with one thread: HTTP/2 by prior knowledge on a plain port, by ALPN over TLS (its SNI is the URL's host). */
export function h2loadCommand(load: Load): Command {
  const { port } = new URL(load.url);
  const argv = [requireTool("h2load"), "-t1", `-c${load.connections}`, `-m${load.streams}`];
  argv.push(`-D${load.seconds}`, `--connect-to=127.0.0.1:${port}`);
  const body = bodyOf(load);
  if (body !== undefined) {
    const file = join(load.folder, "h2load-body");
    writeFileSync(file, body);
    argv.push("-d", file); // makes it a POST
  }
  if (load.isGrpc)
    for (const [name, value] of Object.entries(grpcHeaders)) argv.push("-H", `${name}: ${value}`);
  return { argv: [...argv, load.url] };
}

function bodyOf({ isGrpc, bodyBytes }: Load): Buffer | undefined {
  if (isGrpc) return grpcRequest;
  return bodyBytes > 0 ? Buffer.alloc(bodyBytes, "x") : undefined;
}

/**
 * Figures out of h2load's own text, or undefined when a line of it is missing. What is under way when the time is over
 * h2load gives up, and counts as neither done nor failed.
 */
export function parseH2loadOutput(output: string): LoadResult | undefined {
  const seconds = parseSeconds(output);
  const requests =
    /^requests: .*?(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout$/m.exec(output);
  const codes = /^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx$/m.exec(output);
  if (seconds === undefined || requests === null || codes === null) return undefined;
  const [, done, , , errored, timeout] = requests.map(Number) as [0, number, 0, 0, number, number];
  const [, , redirects, refused, faults] = codes.map(Number) as [0, 0, number, number, number];
  return {
    requests: done,
    seconds,
    requestsPerSecond: done / seconds,
    badStatuses: redirects + refused + faults,
    // "failed" is errored and timed-out requests and bad statuses together
    socketErrors: errored + timeout,
    p50Ms: undefined,
    p99Ms: undefined,
  };
}

/** `finished in 998.12ms, …` or `finished in 2.00s, …` or `1m 2s`: the length of the load. */
function parseSeconds(output: string): number | undefined {
  const text = /^finished in ([^,]+),/m.exec(output)?.[1];
  if (text === undefined) return undefined;
  const units: Record<string, number> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
  let seconds = 0;
  for (const [, value, unit] of text.matchAll(/([\d.]+)(us|ms|s|m|h)/g))
    seconds += Number(value) * units[unit as string]!;
  return seconds > 0 ? seconds : undefined;
}
