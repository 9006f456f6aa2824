import type { Command } from "../processes.ts";
import type { Guard } from "../guard.ts";
import type { Tool } from "../tools.ts";

/**
 * What a proxy carries, by what client and upstream speak: `h2-http1` is HTTP/2 from the client and HTTP/1.1 to the
 * upstream, `h2` and `grpc` are HTTP/2 on both sides, `tcp` is bytes whatever they mean.
 */
export type Carried = "http1" | "h2-http1" | "h2" | "grpc" | "tcp";

/** Whether the client speaks HTTP/2. */
export function isH2Downstream(carries: Carried): boolean {
  return carries === "h2-http1" || isH2Upstream(carries);
}

/** Whether the upstream is asked in HTTP/2. */
export function isH2Upstream(carries: Carried): boolean {
  return carries === "h2" || carries === "grpc";
}

/** What a proxy is set up for. */
export interface Setup {
  /** folder of this proxy alone, for its configuration, log and temporary files */
  folder: string;
  /** port of 127.0.0.1 to listen on, for `Host: localhost` */
  port: number;
  /** of the upstream that speaks what the proxy is to speak with it */
  upstreamPort: number;
  carries: Carried;
  /** undefined: plain HTTP */
  tls: { certificateFile: string; keyFile: string } | undefined;
  /** 1: everything goes to the upstream; more: that many prefixes, made by `routePrefix` */
  routes: number;
  /** undefined: whoever asks is served */
  guard?: Guard | undefined;
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
