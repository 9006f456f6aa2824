// Builds the packages, packs them, installs them elsewhere and runs what a user would run.
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openEchoServer, startHeddle, type Echo } from "@heddle/testkit";
import { binPath, root } from "./repository.ts";

const built = path.join(root, "dist/packages");

/** One Gateway, one route, one backend: the least that carries a request. */
const config = (gatewayPort: number, backendPort: number) => `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  listeners: [{ name: http, protocol: HTTP, port: ${gatewayPort} }]
---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: echo }
spec: { url: "http://127.0.0.1:${backendPort}" }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - backendRefs: [{ group: heddle.dev, kind: Backend, name: echo }]
`;

/** Uses each package by its published name, types included. */
const consumer = `import { systemClock, type Clock } from "@heddle/engine/base";
import * as filters from "@heddle/filters";
import { defineFilter } from "@heddle/filters/define";
import { testFilter } from "@heddle/filters/testing";
import * as heddle from "heddle";
const clock: Clock = systemClock;
if (!(clock.wallMs() > 0)) throw new Error("no clock");
if (Object.keys(filters).length === 0 || Object.keys(heddle).length === 0) throw new Error("empty package");
const own = defineFilter({
  name: "own",
  schema: { type: "object", required: ["status"], properties: { status: { type: "integer" } } },
  create: ({ status }) => ({ requestHead: () => ({ status, headers: [], body: "" }) }),
});
if ((await (await testFilter(own, { status: 204 })).fetch("/")).status !== 204) throw new Error("no reply");
console.log("imported");
`;

function run(what: string, cwd: string, command: string, ...args: string[]): string {
  const result: SpawnSyncReturns<string> = spawnSync(command, args, { cwd, encoding: "utf8" });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}`.trimEnd();
  if (result.status !== 0) {
    const how = result.error?.message ?? result.signal ?? `exit code ${result.status}`;
    throw new Error(`${what} failed: ${how}\n${output}`);
  }
  console.log(`ok ${what}`);
  return output;
}

/** Installs the packed packages into a project of their own, outside the repository. */
function install(folder: string): void {
  for (const name of readdirSync(built)) {
    run(`publint ${name}`, root, binPath("publint"), "run", path.join(built, name), "--strict");
    run(`pack ${name}`, path.join(built, name), "npm", "pack", "--pack-destination", folder);
  }
  writeFileSync(path.join(folder, "package.json"), '{ "name": "user", "private": true, "type": "module" }\n');
  const tarballs = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  run("install", folder, "npm", "install", "--no-audit", "--no-fund", ...tarballs.map((name) => `./${name}`));
}

function useAsLibrary(folder: string): void {
  writeFileSync(path.join(folder, "use.ts"), consumer);
  const compilerOptions = {
    module: "nodenext",
    target: "esnext",
    strict: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [path.join(root, "node_modules/@types")],
  };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
  run("types of the packages", folder, binPath("tsc"), "--project", folder);
  run("import of the packages", folder, process.execPath, "use.ts");
}

/** A filter of the user's: made, tested and checked with what is installed. */
function makeFilter(folder: string): void {
  const heddle = path.join(folder, "node_modules/.bin/heddle");
  run("heddle new filter", folder, heddle, "new", "filter", "tenant-header");
  run("test of a new filter", folder, process.execPath, "--test", "filters/tenant-header.test.ts");
  run("heddle check of a new filter", folder, heddle, "check", "filters");
}

async function useAsCommand(folder: string): Promise<void> {
  const heddle = path.join(folder, "node_modules/.bin/heddle");
  const version = run("heddle --version", folder, heddle, "--version");
  if (!/\d+\.\d+\.\d+/.test(version)) throw new Error(`heddle --version printed ${JSON.stringify(version)}`);

  await using echo = await openEchoServer({ name: "installed" });
  const example = path.join(folder, "example");
  mkdirSync(example);
  writeFileSync(path.join(example, "gateway.yaml"), config(8080, echo.port));
  run("heddle check", folder, heddle, "check", example);

  const running = await startHeddle({
    command: [heddle],
    files: ({ http }) => ({ "gateway.yaml": config(http, echo.port) }),
  });
  try {
    const answer = await fetch(`${running.urls.http}/hello?x=1`, { signal: AbortSignal.timeout(5000) });
    const body = await answer.text();
    if (answer.status !== 200) throw new Error(`heddle run answered ${answer.status}: ${body}`);
    const seen = JSON.parse(body) as Echo;
    if (seen.servedBy !== "installed" || seen.url !== "/hello?x=1")
      throw new Error(`unexpected echo: ${body}`);
  } finally {
    const { code, signal } = await running.stop();
    if (code !== 0)
      console.error(`heddle run ended with ${signal ?? `exit code ${code}`}\n${running.stderr()}`);
    process.exitCode = code === 0 ? process.exitCode : 1;
  }
  console.log("ok heddle run");
}

const folder = mkdtempSync(path.join(tmpdir(), "heddle-package-"));
try {
  run("build", root, process.execPath, "scripts/build.ts");
  install(folder);
  useAsLibrary(folder);
  makeFilter(folder);
  await useAsCommand(folder);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
