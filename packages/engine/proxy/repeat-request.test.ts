import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/index.ts";
import { WeightedChoice } from "../balance/index.ts";
import { buildChain, EMPTY_CHAIN } from "../filter/index.ts";
import type { Filter } from "../filter/index.ts";
import { drive, tracing } from "./flow-driver.suite.ts";
import type { Drive } from "./flow-driver.suite.ts";
import { NO_RULE, repeatRequest } from "./index.ts";
import type { Rule, RuleBackend } from "./index.ts";

/** A rule on the cluster of `run`, with filters of its own and of its backend. */
function ruleOf(run: Drive, own: readonly Filter[], backendsOwn: readonly Filter[]): Rule {
  const backend: RuleBackend = {
    cluster: run.cluster,
    chain: buildChain(backendsOwn),
    status: 500,
    limits: null,
  };
  return {
    ...NO_RULE,
    info: run.exchange.match,
    chain: own.length === 0 ? { ...EMPTY_CHAIN, slotCount: 1 } : buildChain(own, 1),
    backends: new WeightedChoice([{ item: backend, weight: 1 }]),
    backendList: [backend],
  };
}

function contextOf(run: Drive) {
  const seen: string[] = [];
  const observer = {
    exchangeStarted: () => void seen.push("started"),
    exchangeEnded: () => void seen.push("ended"),
    retried() {},
  };
  const { clock, wheel } = run;
  return { seen, flow: { clock, wheel, random: seededRandom(1), observer, shedder: null } };
}

for (const isBackends of [false, true]) {
  test(`a request repeated ${isBackends ? "by a backend's filter" : "by a rule's filter"}`, () => {
    const log: string[] = [];
    const values: unknown[] = [];
    const cache: Filter = {
      name: "cache",
      requestHead: () => void log.push("cache.requestHead"),
      responseHead: (exchange) => {
        log.push("cache.responseHead");
        values.push(exchange.slots![0]);
      },
    };
    const filters = [tracing("a", log), cache, tracing("b", log)];
    const run = drive({ headers: [["if-none-match", '"x"']] }, log);
    run.attempt.respond(200, "first");
    log.length = 0;
    const rule = isBackends ? ruleOf(run, [], filters) : ruleOf(run, filters, []);
    const { flow, seen } = contextOf(run);
    repeatRequest(rule, run.exchange, cache, { slot: 0, value: "given" }, flow);
    const attempt = run.cluster.attempts.at(-1)!;
    assert.equal(attempt.head.fields.get("if-none-match"), '"x"');
    assert.notEqual(attempt.head, run.exchange.request);
    attempt.respond(200, "again");
    assert.deepEqual(
      log.filter((line) => !/^[→←]/.test(line)),
      [
        "b.requestHead",
        "b.responseHead",
        "cache.responseHead",
        "b.responseBody again",
        "b.responseBody.end",
        "b.end",
      ],
    );
    assert.deepEqual(values, ["given"]);
    assert.deepEqual(seen, [], "it is nobody's request");
  });
}

test("a filter of another rule repeats nothing", () => {
  const run = drive();
  run.attempt.respond(200, "first");
  const before = run.cluster.attempts.length;
  repeatRequest(ruleOf(run, [], []), run.exchange, { name: "x" }, { slot: 0, value: 1 }, contextOf(run).flow);
  assert.equal(run.cluster.attempts.length, before);
});
