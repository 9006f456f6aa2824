import { spawn, type ChildProcess } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { requireCommand, run, type Outcome } from "./command.ts";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Runs Chromium with a profile of its own until it ends by itself: `--dump-dom URL`, `--screenshot=FILE URL`. */
export async function runChromium(args: readonly string[]): Promise<Outcome> {
  const profile = makeProfile();
  try {
    return await run("chromium", [...flags, `--user-data-dir=${profile}`, ...args]);
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

/** Opens a page in Chromium, with a profile of its own, and leaves it open until it is disposed of. */
export function openPage(url: string, args: readonly string[] = []): AsyncDisposable {
  const profile = makeProfile();
  const child = spawn("chromium", [...flags, `--user-data-dir=${profile}`, ...args, url], {
    stdio: "ignore",
  });
  return { [Symbol.asyncDispose]: () => endOf(child, profile) };
}

async function endOf(child: ChildProcess, profile: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    await closed;
  }
  // Processes of its own may still write their last.
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

function makeProfile(): string {
  requireCommand("chromium", "chromium");
  return mkdtempSync(path.join(tmpdir(), "heddle-chromium-"));
}

/** The flag that makes Chromium trust a certificate, and no other, whose authority it does not know. */
export function trusting(certificatePem: string): string {
  const key = new X509Certificate(certificatePem).publicKey.export({ type: "spki", format: "der" });
  return `--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`;
}
