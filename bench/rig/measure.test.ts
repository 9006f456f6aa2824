import assert from "node:assert";
import { test } from "node:test";
import { findProblems } from "./measure.ts";
import { parseRequestCount } from "./upstream.ts";

const good = {
  requests: 100_000,
  seconds: 1,
  requestsPerSecond: 100_000,
  badStatuses: 0,
  socketErrors: 0,
  p50Ms: 1,
  p99Ms: 2,
};

test("requests under way when the load ends are no problem", () => {
  assert.deepEqual(findProblems(good, 100_128, 64), []);
});

test("each kind of error makes a window worthless", () => {
  assert.deepEqual(findProblems({ ...good, badStatuses: 3 }, 100_000, 64), [
    "3 answers of status 400 or above",
  ]);
  assert.deepEqual(findProblems({ ...good, socketErrors: 1 }, 100_000, 64), ["1 socket errors"]);
  assert.deepEqual(findProblems({ ...good, requests: 0 }, 0, 64), ["no request completed"]);
});

test("a proxy that answers by itself, or asks twice, is found out", () => {
  assert.deepEqual(findProblems(good, 500, 64), ["upstream took 500 requests for 100000 answers"]);
  assert.deepEqual(findProblems(good, 200_000, 64), ["upstream took 200000 requests for 100000 answers"]);
});

test("nginx's status page gives the request count", () => {
  const page =
    "Active connections: 2 \nserver accepts handled requests\n 16 15 3109 \nReading: 0 Writing: 1 Waiting: 1 \n";
  assert.equal(parseRequestCount(page), 3109);
  assert.throws(() => parseRequestCount("<html>"), /not nginx's status page/);
});
