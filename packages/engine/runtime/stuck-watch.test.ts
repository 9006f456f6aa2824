import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { BEAT_MS, makeThreadBoard, threadBoard } from "../shared/index.ts";
import { StuckWatch } from "./stuck-watch.ts";

const LIMIT_MS = 3 * BEAT_MS;

function watched() {
  const cells = makeThreadBoard();
  const stuck: string[] = [];
  const watch = new StuckWatch(cells, LIMIT_MS, (what) => stuck.push(what));
  threadBoard.attach(cells, (call, name) => watch.take(call, name));
  return { cells, stuck, watch };
}

test("a thread that beats is left alone; one that stands still is told once, by what it is in", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const { cells, stuck } = watched();
  const number = threadBoard.numberOf("Filter a");
  const other = threadBoard.numberOf("Filter b");
  for (let at = 0; at < 10; at++) {
    Atomics.add(cells, 0, 1);
    mock.timers.tick(BEAT_MS);
  }
  assert.deepEqual(stuck, []);
  const before = threadBoard.enter(number);
  const within = threadBoard.enter(other);
  threadBoard.leave(within);
  mock.timers.tick(LIMIT_MS - BEAT_MS);
  assert.deepEqual(stuck, [], "not yet");
  mock.timers.tick(10 * LIMIT_MS);
  assert.deepEqual(stuck, ["its event loop stood still for 3 s, in Filter a"]);
  threadBoard.leave(before);
  mock.timers.reset();
});

test("what was left behind is told by who was called last", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const { stuck } = watched();
  threadBoard.leave(threadBoard.enter(threadBoard.numberOf("Filter c")));
  mock.timers.tick(2 * LIMIT_MS);
  assert.deepEqual(stuck, [
    "its event loop stood still for 3 s, perhaps in what was left behind by Filter c",
  ]);
  mock.timers.reset();
});

test("a thread without such filters is not watched", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const { stuck } = watched();
  mock.timers.tick(100 * LIMIT_MS);
  assert.deepEqual(stuck, []);
  mock.timers.reset();
});
