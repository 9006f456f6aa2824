import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { connect } from "node:net";
import { becomesTrue } from "@heddle/testkit";

export interface Outcome {
  status: number | null;
  output: string;
}

/** Debian's directories of servers are not on every user's PATH. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Fails, with the name of the Debian package, where a command is missing. */
export function requireCommand(command: string, debianPackage: string): void {
  const { status } = spawnSync("sh", ["-c", `command -v ${command}`], { env: { ...process.env, PATH } });
  if (status !== 0) throw new Error(`${command} is not installed: install the package ${debianPackage}`);
}

/** Runs a command to its end, beside this process's event loop. Ends it after `timeoutMs` (60 s). */
export function run(
  command: string,
  args: readonly string[],
  input: string = "",
  timeoutMs: number = 60_000,
): Promise<Outcome> {
  const child = spawn(command, args, { env: { ...process.env, PATH }, timeout: timeoutMs });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("latin1").on("data", (text: string) => (output += text));
  }
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}

/** Starts a server in the foreground, and waits until `port` answers. */
export async function startServer(
  command: string,
  args: readonly string[],
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable> {
  const child = spawn(command, args, {
    env: { ...process.env, PATH, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  if (!(await becomesTrue(() => answers(port), 20_000))) {
    await end(child);
    throw new Error(`${command} does not listen on ${port}: ${errors}`);
  }
  return { [Symbol.asyncDispose]: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await closed;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
