import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { startHeddle } from "./heddle-process.ts";

/** A process that takes heddle's arguments and serves `/readyz`, with `onTerm` as its way to stop. */
const standIn = (onTerm: string) => [
  process.execPath,
  "-e",
  `const args = process.argv.slice(1);
   const port = Number(args[args.indexOf("--api") + 1].split(":")[1]);
   process.on("SIGTERM", () => { ${onTerm} });
   require("node:http").createServer((request, response) => response.end()).listen(port, "127.0.0.1");
   console.log(JSON.stringify(args));`,
  "--",
];

test("gives ports, writes the files made with them, waits for readiness, and cleans up", async () => {
  const heddle = await startHeddle({
    ports: ["http", "https"],
    files: ({ http, https }) => ({ "gateway.yaml": `ports: ${http} ${https}`, "more/routes.yaml": "" }),
    args: ["--workers", "1"],
    command: standIn("process.exit(0)"),
  });
  const { http, https } = heddle.ports;
  assert.ok(http > 0 && https > 0 && http !== https);
  assert.equal(heddle.urls.https, `http://127.0.0.1:${https}`);
  assert.equal(
    readFileSync(path.join(heddle.configFolder, "gateway.yaml"), "utf8"),
    `ports: ${http} ${https}`,
  );
  const args = JSON.parse(heddle.stdout()) as string[];
  assert.deepEqual(args.slice(-4), ["-f", heddle.configFolder, "--workers", "1"]);
  assert.deepEqual(await heddle.stop(), { code: 0, signal: null });
  assert.equal(existsSync(heddle.configFolder), false);
});

test("a process that ends before it is ready is reported with what it printed", async () => {
  const command = [process.execPath, "-e", 'console.error("no such option"); process.exit(2)', "--"];
  await assert.rejects(
    startHeddle({ command }),
    /ended with exit code 2 before it was ready.*\n.*no such option/,
  );
});

test("a command that does not exist is reported", async () => {
  await assert.rejects(startHeddle({ command: ["no-such-heddle"] }), /ended with exit code 127/);
});

test("a process that does not stop is killed and reported", async () => {
  const heddle = await startHeddle({ command: standIn("") });
  await assert.rejects(heddle.stop(50), /did not stop within 50 ms of SIGTERM/);
  assert.equal((await heddle.ended).signal, "SIGKILL");
});
