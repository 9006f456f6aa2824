#!/usr/bin/env node
// Plain JavaScript that old Nodes can parse: it finds a Node new enough for Heddle, or says what is missing.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 24;
const self = fileURLToPath(import.meta.url);

const majorOf = (version) => Number.parseInt(version, 10);

/** The Node that npm installed beside Heddle as a platform package, or undefined. */
function findPinnedNode() {
  const require = createRequire(import.meta.url);
  const target = `${process.platform}-${process.arch}`;
  for (const name of [`node-${target}`, `node-bin-${target}`]) {
    try {
      const manifest = require.resolve(`${name}/package.json`);
      const binary = path.join(path.dirname(manifest), "bin", "node");
      // An older one would only come back here, without end.
      if (majorOf(JSON.parse(readFileSync(manifest, "utf8")).version) >= NEEDED_MAJOR && existsSync(binary)) {
        return binary;
      }
    } catch {
      // Not installed for this platform: the next name.
    }
  }
  return undefined;
}

/** Runs this same command with another Node and ends as it ends: same exit code, or same signal. */
function runWith(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl-C and hang-ups to the whole foreground group, so the child has had them already; sent
  // twice they would read as "stop at once" instead of "drain".
  const hasTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
  const fromTerminal = new Set(hasTerminal ? ["SIGINT", "SIGHUP"] : []);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) {
    process.on(signal, () => {
      if (!fromTerminal.has(signal)) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`heddle: cannot start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

async function runHere() {
  const built = new URL("../cli/main.js", import.meta.url);
  const entry = existsSync(built) ? built : new URL("../cli/main.ts", import.meta.url);
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
}

if (majorOf(process.versions.node) >= NEEDED_MAJOR) {
  await runHere();
} else {
  const pinned = findPinnedNode();
  if (pinned === undefined) {
    console.error(
      `heddle: needs Node ${NEEDED_MAJOR} or newer, this is Node ${process.versions.node}; ` +
        "install a newer Node (https://nodejs.org), or run Heddle with one that you have",
    );
    process.exitCode = 1;
  } else {
    runWith(pinned);
  }
}
