import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace, type PaceOptions } from "./pace.ts";

/** A pace under a clock of its own: what a rest does, in words. */
function open(options: PaceOptions) {
  let nowMs = 1_000;
  const slept: number[] = [];
  const pace = new Pace({
    ...options,
    now: () => nowMs,
    sleep: (ms) => {
      slept.push(ms);
      nowMs += ms;
    },
  });
  return {
    work: (ms: number) => void (nowMs += ms),
    async rest(): Promise<string> {
      slept.length = 0;
      let hasTurned = false;
      setImmediate(() => (hasTurned = true));
      const rest = pace.rest();
      if (rest !== undefined) await rest;
      assert.equal(hasTurned, rest !== undefined);
      return hasTurned ? "turn" : slept.map((ms) => `sleep ${ms}`).join() || "on";
    },
  };
}

test("within a slice work goes on, behind it the thread sleeps, and now and then the event loop has a turn", async () => {
  const { rest, work } = open({ sliceMs: 1, napMs: 0.5, loopMs: 4 });
  const seen: string[] = [];
  for (let step = 0; step < 9; step++) {
    seen.push(await rest());
    work(0.75);
  }
  assert.deepEqual(seen, ["turn", "on", "sleep 0.5", "on", "sleep 0.5", "on", "turn", "on", "sleep 0.5"]);
});

test("without naps the event loop has a turn at each rest", async () => {
  const { rest, work } = open({ sliceMs: 1, napMs: 0 });
  assert.equal(await rest(), "turn");
  work(0.5);
  assert.equal(await rest(), "on");
  work(0.5);
  assert.equal(await rest(), "turn");
});

test("what is over soon sleeps long, what takes long sleeps less", async () => {
  const { rest, work } = open({ sliceMs: 1, napMs: 0.5, loopMs: 1e9 });
  await rest();
  const seen: string[] = [];
  for (let worked = 0; worked <= 102; worked += 3) {
    work(3);
    seen.push(await rest());
  }
  assert.deepEqual(seen, [...Array.from({ length: 33 }, () => "sleep 0.5"), "sleep 0.0625", "sleep 0.0625"]);
});

test("slices grow with the work, to forty times, and are short again for other work", async () => {
  const { rest, work } = open({ sliceMs: 1, napMs: 0.5, loopMs: 1e9 });
  const sliceOf = async () => {
    let ms = 0;
    do work(0.5);
    while ((ms += 0.5) < 200 && (await rest()) === "on");
    return ms;
  };
  await rest();
  assert.equal(await sliceOf(), 1);
  for (let slice = 0; slice < 60; slice++) await sliceOf();
  assert.equal(await sliceOf(), 1.5);
  for (let slice = 0; slice < 800; slice++) await sliceOf();
  assert.equal(await sliceOf(), 40);
  work(80);
  await rest();
  assert.equal(await sliceOf(), 1);
});
