import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault, seededRandom } from "../base/index.ts";
import type { FaultCode, Random } from "../base/index.ts";
import type { Filter, Reply } from "../filter/index.ts";
import { Fields } from "../message/index.ts";
import { drive, settle } from "./flow-driver.suite.ts";
import type { Drive, DriveOptions } from "./flow-driver.suite.ts";

/**
 * Events in any order that client, endpoints, filters and clock may take, from fixed seeds. Whatever happens: the
 * exchange ends once, filters hear of it once, the codec's order of calls holds, no connection is touched after its
 * response was complete, and no timer stays. A failure names its seed and its timeline.
 */
const SEEDS = 1_500;
const STEPS = 14;

interface Waiting {
  settled: boolean;
  readonly resolve: (reply: Reply | undefined) => void;
  readonly reject: (error: Error) => void;
}

class Script {
  readonly random: Random;
  readonly waits: Waiting[] = [];
  isRequestDone = false;
  filterEnds = 0;
  constructor(seed: number) {
    this.random = seededRandom(seed);
  }
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random.next() * items.length)];
  }
  wait<T>(): Promise<T | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply | undefined>();
    this.waits.push({ settled: false, resolve, reject });
    return promise as Promise<T | undefined>;
  }
  settleOne(): void {
    const wait = this.waits.find(({ settled }) => !settled);
    if (wait === undefined) return;
    wait.settled = true;
    const outcome = this.pick(["pass", "pass", "pass", "reply", "throw"]);
    if (outcome === "throw") wait.reject(new Error("scripted"));
    else wait.resolve(outcome === "reply" ? { status: 418, headers: [], body: "tea" } : undefined);
  }
}

function makeFilter(script: Script): Filter {
  const kinds: readonly (() => Partial<Filter>)[] = [
    () => ({}),
    () => ({ requestHead: () => script.wait<Reply>() }),
    () => ({ responseHead: () => script.wait<Reply>() }),
    () => ({ requestBody: { mode: "buffer", maxBytes: 12, whole: () => script.wait<Reply>() } }),
    () => ({ responseBody: { mode: "buffer", maxBytes: 12, whole: () => script.wait<Reply>() } }),
    () => ({ requestBody: { mode: "transform", chunk: (_exchange, bytes) => bytes, end: () => null } }),
    () => ({ responseBody: { mode: "transform", chunk: () => null, end: () => Buffer.from("all") } }),
    () => ({ responseBody: { mode: "observe", chunk() {} } }),
  ];
  return { name: "f", ...script.pick(kinds)(), end: () => void script.filterEnds++ };
}

function makeOptions(script: Script, filterCount: number): DriveOptions {
  const filters = Array.from({ length: filterCount }, () => makeFilter(script));
  const split = Math.floor(script.random.next() * (filterCount + 1));
  const backoffMs = script.pick([0, 40]);
  return {
    method: script.pick(["GET", "POST", "PUT"]),
    body: script.pick(["none", "chunked", "chunked"]),
    filters: filters.slice(0, split),
    backendFilters: filters.slice(split),
    opensSlowly: script.pick([true, false]),
    openFaults: script.pick([[], [makeFault("HDL_UPSTREAM_OVERFLOW", "full")]]),
    rule: {
      requestTimeoutMs: script.pick([0, 200]),
      backendRequestTimeoutMs: script.pick([0, 100]),
      retry: script.pick([null, { codes: [503], attempts: 2, backoffMs }]),
      sessionPersistence: script.pick([
        null,
        { name: "s", type: "Cookie", absoluteTimeoutMs: 0, idleTimeoutMs: 0, isPermanent: false } as const,
      ]),
    },
  };
}

const faults: readonly FaultCode[] = [
  "HDL_UPSTREAM_STALE",
  "HDL_UPSTREAM_RESET",
  "HDL_UPSTREAM_CONNECT_FAILED",
];

/** What the endpoint of the last attempt may do next, as an HTTP/1.1 connection would. */
function endpointSteps(run: Drive, script: Script, answered: Set<object>): (() => void)[] {
  const attempt = run.attempts.at(-1);
  if (attempt === undefined || attempt.isOver) return [];
  const trailers = () => (script.random.next() < 0.3 ? Fields.of([["x-sum", "1"]]) : null);
  if (answered.has(attempt)) {
    if (attempt.isPaused) return [() => attempt.fail(makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "cut"))];
    return [
      () => attempt.send("pong"),
      () => attempt.end(trailers()),
      () => attempt.fail(makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "cut")),
      () => attempt.drain(),
    ];
  }
  const status = script.pick([200, 503]);
  const begin = () => {
    answered.add(attempt);
    attempt.isOpen = true;
  };
  return [
    () => void (attempt.isOpen = true),
    () => void (attempt.isFull = true),
    () => attempt.drain(),
    () => attempt.informational(103),
    () => attempt.fail(makeFault(script.pick(faults), "scripted")),
    () => (begin(), attempt.answer(status), !attempt.isOver && attempt.send("head")),
    () => (begin(), attempt.respond(status, "whole")),
    () => (begin(), attempt.answerWhole(status)),
  ];
}

function step(run: Drive, script: Script, answered: Set<object>): void {
  const steps = endpointSteps(run, script, answered);
  if (!script.isRequestDone && !run.sink.isPaused) {
    steps.push(
      () => run.send("ping"),
      () => {
        script.isRequestDone = true;
        run.sendEnd(script.random.next() < 0.3 ? Fields.of([["x-sum", "1"]]) : null);
      },
    );
  }
  steps.push(
    () => script.settleOne(),
    () => script.settleOne(),
    () => void (run.sink.isFull = true),
    () => {
      run.sink.isFull = false;
      if (!run.exchange.isEnded) run.client.onResponseDrain();
    },
    () => run.clock.advance(60),
  );
  if (script.random.next() < 0.04) {
    steps.splice(0, steps.length, () => run.client.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "gone")));
  }
  script.pick(steps)();
}

async function play(seed: number): Promise<Drive> {
  const script = new Script(seed);
  const filterCount = Math.floor(script.random.next() * 4);
  const options = makeOptions(script, filterCount);
  const run = drive(options);
  script.isRequestDone = options.body === "none";
  const answered = new Set<object>();
  try {
    for (let i = 0; i < STEPS; i++) {
      step(run, script, answered);
      if (script.waits.length > 0) await settle();
    }
    run.client.onRequestReset(makeFault("HDL_DOWNSTREAM_RESET", "gone"));
    while (script.waits.some(({ settled }) => !settled)) script.settleOne();
    await settle();
    run.clock.advance(60_000);
    run.assertOver();
    const entered = run.exchange.cluster === "" ? options.filters!.length : filterCount;
    assert.equal(script.filterEnds, entered, "filters hear of the end once");
    for (const attempt of run.attempts) assert.ok(attempt.body.length <= run.exchange.requestBytes);
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}\n${run.log.join("\n")}`, { cause: error });
  }
  return run;
}

test(`${SEEDS} sequences of events keep the invariants of an exchange`, async () => {
  const endings = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const run = await play(seed);
    const ending = run.exchange.fault?.code ?? (run.sink.head === null ? "none" : "answered");
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
  // The sequences are worth something only while they reach many ends.
  assert.ok(endings.size >= 7, JSON.stringify([...endings]));
  assert.ok((endings.get("answered") ?? 0) > SEEDS / 20, JSON.stringify([...endings]));
});
