// Completes package-lock.json after a dependency with platform packages was added; `--check` only tells.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { completeLock, type Lock } from "./lock/complete.ts";
import { root } from "./repository.ts";

const file = path.join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as Lock;
const added = completeLock(lock);
if (added.length === 0) {
  console.log("package-lock.json is complete");
} else if (process.argv.includes("--check")) {
  console.error(`package-lock.json lacks ${added.join(", ")}: npm ci would fail; run "npm run lock"`);
  process.exitCode = 1;
} else {
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json now holds ${added.join(", ")}`);
}
