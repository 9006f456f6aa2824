import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkedList } from "@heddle/engine/base";
import type { Reading } from "../../sources/index.ts";
import { ConfigurationLoop } from "./configuration-loop.ts";
import type { AppliedConfiguration, Configuration } from "./configuration.ts";

const reading = (): Reading => ({ resources: ChunkedList.of([]), rejected: [], unreadable: [] });

/** A loop over readings that the test sets, with each application held until the test lets it go. */
function loopUnderTest() {
  const gates: PromiseWithResolvers<void>[] = [];
  const applied: (readonly Reading[])[] = [];
  const failures: string[] = [];
  let current: readonly Reading[] = [reading()];
  let isBroken = false;
  const configuration = {
    async apply(readings: readonly Reading[]) {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      if (isBroken) throw new Error("broken");
      applied.push(readings);
      return { listeners: [] } as unknown as AppliedConfiguration;
    },
  } as unknown as Configuration;
  const loop = new ConfigurationLoop({
    configuration,
    read: async () => current,
    onApplied: () => {},
    onFailed: (error) => failures.push(error.message),
  });
  return {
    loop,
    gates,
    applied,
    failures,
    set: (readings: readonly Reading[]) => (current = readings),
    break: (state: boolean) => (isBroken = state),
    async gate(index: number) {
      while (gates[index] === undefined) await new Promise(setImmediate);
      return gates[index];
    },
  };
}

test("one run at a time, and of what came meanwhile the newest only", async () => {
  const under = loopUnderTest();
  const { loop, applied } = under;
  const done = loop.trigger();
  const first = await under.gate(0);
  const [second, third] = [[reading()], [reading()]];
  under.set(second);
  void loop.trigger();
  under.set(third);
  void loop.trigger();
  first.resolve();
  (await under.gate(1)).resolve();
  await done;
  assert.equal(applied.length, 2);
  assert.equal(applied[1], third);
});

test("nothing new, nothing done", async () => {
  const under = loopUnderTest();
  const done = under.loop.trigger();
  (await under.gate(0)).resolve();
  await done;
  await under.loop.trigger();
  assert.equal(under.gates.length, 1);
});

test("a failed application is told, and tried again with the next trigger", async () => {
  const under = loopUnderTest();
  under.break(true);
  const failing = under.loop.trigger();
  (await under.gate(0)).resolve();
  await failing;
  assert.deepEqual([under.failures, under.applied.length], [["broken"], 0]);
  under.break(false);
  const working = under.loop.trigger();
  (await under.gate(1)).resolve();
  await working;
  assert.equal(under.applied.length, 1);
});

test("after close nothing runs", async () => {
  const under = loopUnderTest();
  await under.loop.close();
  await under.loop.trigger();
  assert.equal(under.gates.length, 0);
});
