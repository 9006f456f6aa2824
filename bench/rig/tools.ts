import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";

/** Commands that the benches use, with the Debian package that brings each. */
const packageOf = {
  nginx: "nginx-light",
  "nginx-stream": "libnginx-mod-stream",
  haproxy: "haproxy",
  caddy: "caddy",
  wrk: "wrk",
  h2load: "nghttp2-client",
  perf: "linux-perf",
  openssl: "openssl",
  taskset: "util-linux",
} as const;

export type Tool = keyof typeof packageOf;

/** Where Debian's packages of nginx put their modules: what is a "tool" here is a file that nginx loads. */
const nginxModules = "/usr/lib/nginx/modules";
const moduleFiles: Partial<Record<Tool, string>> = { "nginx-stream": "ngx_stream_module.so" };

/** Path of a command, or undefined. Looks in the sbin folders too, which a user's PATH often lacks. */
export function findTool(tool: Tool): string | undefined {
  const moduleFile = moduleFiles[tool];
  if (moduleFile !== undefined) return [join(nginxModules, moduleFile)].find(existsSync);
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin", "/usr/bin"];
  return folders.map((folder) => join(folder, tool)).find(isExecutable);
}

/** Path of a command; throws an error that names the package when it is not installed. */
export function requireTool(tool: Tool): string {
  const path = findTool(tool);
  if (path === undefined) throw new Error(`${tool} is not installed: install the package ${packageOf[tool]}`);
  return path;
}

/**
 * Installs the packages of missing commands with apt-get when we are root and it exists. What is still missing
 * afterwards is named on stderr; the row that needs it fails with the package's name, and the others run.
 */
export function installTools(tools: readonly Tool[]): void {
  const missing = [...new Set(tools)].filter((tool) => findTool(tool) === undefined);
  if (missing.length === 0) return;
  const packages = missing.map((tool) => packageOf[tool]);
  if (process.getuid?.() !== 0 || !isExecutable("/usr/bin/apt-get")) {
    console.error(`not installed: ${packages.join(", ")} (not root on a Debian, so nothing was installed)`);
    return;
  }
  console.error(`installing ${packages.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-q"],
    ["install", "-qy", "--no-install-recommends", ...packages],
  ]) {
    const { status } = spawnSync("apt-get", args, { env, stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) console.error(`apt-get ${args[0]} failed with exit code ${status}`);
  }
}

/** First version number that a command prints, or "not installed". */
export function toolVersion(tool: Tool, flag: string): string {
  const path = findTool(tool);
  if (path === undefined) return "not installed";
  // wrk exits with 1 after printing its version, nginx prints to stderr: read both, mind no exit code
  const { stdout, stderr } = spawnSync(path, [flag], { encoding: "utf8" });
  return /\d+\.\d+(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? "unknown";
}

/** Makes a self-signed EC P-256 certificate for `localhost` that is valid for two days. */
export function makeCertificate(keyFile: string, certificateFile: string): void {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", keyFile];
  const args = ["req", "-x509", ...key, ...subject, "-days", "2", "-out", certificateFile];
  execFileSync(requireTool("openssl"), args, { stdio: ["ignore", "ignore", "pipe"] });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
