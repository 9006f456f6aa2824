import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import type { HeldReport } from "./held-web-sockets.ts";

/** Of each five four have two sockets in Heddle, and one has one: it shares its client's connection. */
const FILES_PER_WEB_SOCKET = 1.8;
const OTHER_FILES = 1_000;

/** Holds so many WebSockets through so many changes, with as many files open as that takes. */
export async function runHeldWebSockets(count: number, changes: number): Promise<HeldReport> {
  const files = count * FILES_PER_WEB_SOCKET + OTHER_FILES;
  // Where it has more already it keeps them; where it may not have so many, the run says what failed.
  const raise = `[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge ${files} ] || ulimit -n ${files}; exec "$@"`;
  const script = path.join(import.meta.dirname, "held-web-sockets.ts");
  const command = ["-c", raise, "sh", process.execPath, script, String(count), String(changes)];
  const { stdout } = await promisify(execFile)("sh", command, { maxBuffer: 10_000_000 });
  return JSON.parse(stdout) as HeldReport;
}
