import type { Command } from "../processes.ts";
import type { Tool } from "../tools.ts";

/** What a proxy is set up for. */
export interface Setup {
  /** folder of this proxy alone, for its configuration, log and temporary files */
  folder: string;
  /** port of 127.0.0.1 to listen on, for `Host: localhost` */
  port: number;
  upstreamPort: number;
  /** undefined: plain HTTP */
  tls: { certificateFile: string; keyFile: string } | undefined;
  /** 1: everything goes to the upstream; more: that many prefixes, made by `routePrefix` */
  routes: number;
}

/** A proxy made ready to run: files to write first, and the command. */
export interface Plan {
  command: Command;
  /** file name in the folder → text */
  files: Readonly<Record<string, string>>;
  /** truncated between rounds */
  logFile?: string;
  /** how long a large configuration may take to serve, in ms */
  startTimeoutMs: number;
  /** how long it may take to end after SIGTERM, in ms */
  stopTimeoutMs?: number;
}

/** One proxy under test. `plan` is pure but for looking up commands and reading the certificate. */
export interface Proxy {
  name: string;
  needs: readonly Tool[];
  plan: (setup: Setup) => Plan;
}

/** Prefix of route `index`, the same for every proxy: `/service-00042`. */
export function routePrefix(index: number): string {
  return `/service-${String(index).padStart(5, "0")}`;
}
