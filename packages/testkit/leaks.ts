import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type net from "node:net";

/** Anything that can say how many connections it holds now. */
export interface ConnectionHolder {
  connectionCount(): number | Promise<number>;
}

const POLL_MS = 5;
/** Only what leaks waits so long; on a busy machine an end takes its time to come around. */
const PATIENCE_MS = 20_000;

/** Waits until `subject` holds no connection; fails after `timeoutMs` (20 s) with how many are left. */
export async function assertNoOpenConnections(
  subject: net.Server | ConnectionHolder,
  timeoutMs: number = PATIENCE_MS,
): Promise<void> {
  let open = 0;
  const isGone = await becomesTrue(async () => (open = await countConnections(subject)) === 0, timeoutMs);
  assert.ok(isGone, `${open} connection${open === 1 ? "" : "s"} still open after ${timeoutMs} ms`);
}

/** Sockets, servers and processes: what keeps a process alive and what a test has to close. */
const watched = [
  "TCPSocketWrap",
  "TCPServerWrap",
  "TLSWrap",
  "PipeWrap",
  "PipeServerWrap",
  "ProcessWrap",
  "UDPWrap",
];

/**
 * Remembers which sockets, servers and child processes this process holds, and returns a check that, given up to
 * `timeoutMs` (20 s), no more of any are held. Call it before a test's own set-up and the check after its teardown.
 */
export function watchForLeaks(): (timeoutMs?: number) => Promise<void> {
  const before = countResources();
  return async (timeoutMs = PATIENCE_MS) => {
    const left = () => watched.filter((name) => (countResources()[name] ?? 0) > (before[name] ?? 0));
    const isGone = await becomesTrue(() => left().length === 0, timeoutMs);
    assert.ok(isGone, `still open after ${timeoutMs} ms: ${left().join(", ")}`);
  };
}

/** Asks until the answer is true or the time is over. For what no event announces. */
export async function becomesTrue(
  ask: () => boolean | Promise<boolean>,
  timeoutMs: number,
  pollMs: number = POLL_MS,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await ask()) return true;
    if (performance.now() >= deadline) return false;
    await wait(pollMs);
  }
}

function countConnections(subject: net.Server | ConnectionHolder): number | Promise<number> {
  if ("connectionCount" in subject) return subject.connectionCount();
  return new Promise((resolve, reject) => {
    subject.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

function countResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
