import { setTimeout as sleep } from "node:timers/promises";
import { existsSync, mkdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntilServing } from "./ask.ts";
import type { Guard } from "./guard.ts";
import { freePort } from "./ports.ts";
import { startProcess, type Running } from "./processes.ts";
import { isH2Downstream, type Carried, type Proxy, type Setup } from "./proxies/proxy.ts";

export interface Serving {
  process: Running;
  url: string;
  port: number;
  /** throws when the proxy was to write an access log and has written none: it would be doing less than the others */
  assertLogged: () => Promise<void>;
  /** empties the access log, which at these rates fills a disk */
  truncateLog: () => void;
  stop: () => Promise<void>;
}

export interface StartOptions {
  folder: string;
  cores: string;
  upstreamPort: number;
  carries: Carried;
  tls: Setup["tls"];
  routes: number;
  /** path asked for, and the length of the answer that proves the proxy reaches the upstream */
  path: string;
  method: "GET" | "POST";
  bodyBytes: number;
  expectBytes: number;
  guard?: Guard | undefined;
  /** default: a free one */
  port?: number;
}

/** Writes a proxy's configuration, starts it on its cores, and waits until it passes on a real answer. */
export async function startProxy(proxy: Proxy, options: StartOptions): Promise<Serving> {
  const { cores, upstreamPort, carries, tls, routes, path, method, bodyBytes, guard } = options;
  const folder = join(options.folder, proxy.name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder, { recursive: true });
  const port = options.port ?? (await freePort());
  const plan = proxy.plan({ folder, port, upstreamPort, carries, tls, routes, guard });
  for (const [name, text] of Object.entries(plan.files)) writeFileSync(join(folder, name), text);
  const process = startProcess(proxy.name, plan.command, cores, join(folder, "output"));
  const stop = (): Promise<void> => process.stop(plan.stopTimeoutMs);
  const url = `${tls ? "https" : "http"}://localhost:${port}${path}`;
  try {
    const speaks = carries === "grpc" ? "grpc" : isH2Downstream(carries) ? "h2" : "http1";
    const header = guard && { [guard.header.name]: guard.header.values[0]! };
    const question = { url, method, bodyBytes, speaks, headers: header ?? {} } as const;
    await waitUntilServing(process, question, options.expectBytes, plan.startTimeoutMs);
  } catch (error) {
    await stop();
    throw error;
  }
  const { logFile } = plan;
  const hasLogged = (): boolean =>
    logFile === undefined || (existsSync(logFile) && statSync(logFile).size > 0);
  const assertLogged = async (): Promise<void> => {
    // a connection is logged when it ends, and a buffer of few lines is written out after its time
    for (let tries = 0; tries < 30 && !hasLogged(); tries++) await sleep(100);
    if (!hasLogged()) throw new Error(`${proxy.name} has written no access log to ${logFile}`);
  };
  const truncateLog = (): void => {
    if (logFile !== undefined && existsSync(logFile)) truncateSync(logFile);
  };
  return { process, url, port, assertLogged, truncateLog, stop };
}
