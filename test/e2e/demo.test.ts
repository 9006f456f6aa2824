import assert from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const demo = fileURLToPath(new URL("../../examples/shop/demo.ts", import.meta.url));
const freePorts = ["--port", "0", "--https-port", "0", "--tcp-port", "0", "--api", "127.0.0.1:0"];
const limitMs = 90_000;

type Run = { code: number | null; output: string };

/**
 * Runs the demo with a temporary folder of its own, until it ends by itself or, with `stopAt`, until
 * SIGINT after that text was printed. Asserts that it left no process and no file behind.
 */
async function runDemo(t: TestContext, args: string[], stopAt?: string): Promise<Run> {
  const folder = mkdtempSync(path.join(tmpdir(), "demo-test-"));
  const child = spawn(process.execPath, [demo, ...freePorts, ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const limit = setTimeout(() => child.kill("SIGTERM"), limitMs);
  t.after(() => child.kill("SIGTERM"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      const wasThere = stopAt !== undefined && output.includes(stopAt);
      output += text;
      if (stopAt !== undefined && !wasThere && output.includes(stopAt)) child.kill("SIGINT");
    });
  }
  // `close` comes when nobody holds the output any more.
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(limit);
  assert.deepStrictEqual(findProcessesNaming(folder), [], output);
  assert.deepStrictEqual(readdirSync(folder), [], output);
  rmdirSync(folder);
  return { code, output };
}

/** Command lines of processes that run with this temporary folder: every child of the demo inherits it. */
function findProcessesNaming(folder: string): string[] {
  if (process.platform !== "linux") return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => readProcess(pid, "environ").includes(folder))
    .map((pid) => readProcess(pid, "cmdline"));
}

function readProcess(pid: string, file: "environ" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", " ");
  } catch {
    // Ended meanwhile, or another user's.
    return "";
  }
}

test("every request that the demo prints is answered as it says", async (t) => {
  const { code, output } = await runDemo(t, ["--check"]);
  assert.strictEqual(code, 0, output);
  const [, passed, all] = /^(\d+) of (\d+) passed$/m.exec(output) ?? [];
  assert.ok(Number(passed) > 20 && passed === all, output);
  assert.doesNotMatch(output, /was killed|ended by itself/);
});

test("Ctrl-C stops the demo with 0 and leaves nothing behind", async (t) => {
  const { code, output } = await runDemo(t, [], "Ctrl-C stops everything");
  assert.strictEqual(code, 0, output);
  assert.match(output, /curl .*shop\.localhost/);
  assert.doesNotMatch(output, /was killed|ended by itself/);
});

test("a taken port is named, with the flag that changes it", async (t) => {
  const holder = createServer().listen(0);
  t.after(() => holder.close());
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const { code, output } = await runDemo(t, ["--port", String(port)]);
  assert.strictEqual(code, 1);
  assert.match(output, new RegExp(`port ${port} is taken, choose another with --port`));
});
