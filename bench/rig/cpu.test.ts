import assert from "node:assert";
import { test } from "node:test";
import { cpuBetween, parseCoreTimes, parseSchedstat, parseStatTicks } from "./cpu.ts";

test("schedstat gives nanoseconds on a CPU", () => {
  assert.equal(parseSchedstat("516229 45708 1\n"), 516229);
  assert.equal(parseSchedstat(""), undefined);
});

test("stat is read from the last bracket on: a thread's name may hold brackets and spaces", () => {
  const rest = "S 1 2 3 0 -1 4194304 10 0 0 0 120 34 0 0 20 0 1 0 99";
  assert.equal(parseStatTicks(`42 (nginx) ${rest}`), 154);
  assert.equal(parseStatTicks(`42 (a) S 7 (b c) ${rest}`), 154);
});

test("a thread that began in the window counts whole", () => {
  const before = new Map([[1, 100]]);
  const after = new Map([
    [1, 150],
    [2, 30],
  ]);
  assert.equal(cpuBetween(before, after), 80);
});

test("core times leave idle and iowait out and keep steal apart", () => {
  const text = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 0 1 50 60 0 1 2 0 0\ncpu1 10 2 5 70 80 1 4 8 0 0\n";
  assert.deepEqual(parseCoreTimes(text, "1", 10), { busyNs: 220, stolenNs: 80 });
});
