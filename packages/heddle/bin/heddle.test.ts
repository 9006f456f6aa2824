import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, test } from "node:test";

const bin = path.join(import.meta.dirname, "heddle.js");
/** Makes the launcher believe that it was started by an old Node. */
const asNode20 =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})';
const platformPackage = `node-${process.platform}-${process.arch}`;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder like an installed package: the launcher, a `cli/main.js` with the given body, no Node beside it. */
function installWith(mainBody: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-bin-"));
  folders.push(folder);
  mkdirSync(path.join(folder, "bin"));
  mkdirSync(path.join(folder, "cli"));
  cpSync(bin, path.join(folder, "bin/heddle.js"));
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(path.join(folder, "cli/main.js"), `export async function main(argv) { ${mainBody} }`);
  return folder;
}

/** Puts the running Node beside the launcher, as the platform package of the given version. */
function addPlatformNode(folder: string, version: string): void {
  const home = path.join(folder, "node_modules", platformPackage);
  mkdirSync(path.join(home, "bin"), { recursive: true });
  writeFileSync(path.join(home, "package.json"), JSON.stringify({ name: platformPackage, version }));
  symlinkSync(process.execPath, path.join(home, "bin/node"));
}

function start(folder: string, nodeArgs: string[], args: string[]) {
  const child = spawn(process.execPath, [...nodeArgs, path.join(folder, "bin/heddle.js"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>(
    (resolve) => child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
  return { child, ended };
}

test("passes the arguments to main and ends with its exit code", async () => {
  const folder = installWith("console.log(JSON.stringify(argv)); return 3;");
  const { code, stdout } = await start(folder, [], ["check", "a b"]).ended;
  assert.equal(code, 3);
  assert.deepEqual(JSON.parse(stdout), ["check", "a b"]);
});

test("an old Node without a newer one beside it is told the version that is needed", async () => {
  const folder = installWith("return 0;");
  const { code, stderr } = await start(folder, ["--import", asNode20], []).ended;
  assert.equal(code, 1);
  assert.match(stderr, /needs Node 24 or newer, this is Node 20\.20\.2/);
});

test("an old Node hands over to the platform package, exit code and arguments included", async () => {
  const folder = installWith("console.log(process.versions.node, ...argv); return 7;");
  addPlatformNode(folder, "26.10.0");
  const { code, stdout } = await start(folder, ["--import", asNode20], ["run", "x"]).ended;
  assert.equal(code, 7);
  assert.equal(stdout, `${process.versions.node} run x\n`);
});

test("a platform package that is too old itself is passed over", async () => {
  const folder = installWith("return 0;");
  addPlatformNode(folder, "22.1.0");
  const { code, stderr } = await start(folder, ["--import", asNode20], []).ended;
  assert.equal(code, 1);
  assert.match(stderr, /needs Node 24/);
});

test("SIGTERM reaches the handed-over process once, which then ends in its own way", async () => {
  const folder = installWith(`
    let seen = 0;
    const hold = setInterval(() => {}, 1000);
    process.on("SIGTERM", () => { seen += 1; setImmediate(() => { console.log("terms " + seen); clearInterval(hold); }); });
    console.log("ready");
    return 5;`);
  addPlatformNode(folder, "26.10.0");
  const { child, ended } = start(folder, ["--import", asNode20], []);
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const { code, stdout } = await ended;
  assert.equal(code, 5);
  assert.equal(stdout, "ready\nterms 1\n");
});

test("a handed-over process that dies by a signal makes the launcher die by it too", async () => {
  const folder = installWith('process.kill(process.pid, "SIGTERM"); return new Promise(() => {});');
  addPlatformNode(folder, "26.10.0");
  const { signal } = await start(folder, ["--import", asNode20], []).ended;
  assert.equal(signal, "SIGTERM");
});
