import assert from "node:assert";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import { pickerContract } from "./contract.suite.ts";
import { LeastRequestPicker } from "./least-request-picker.ts";
import { RandomPicker } from "./random-picker.ts";
import { endpointsOf } from "./testing/endpoints.ts";
import type { TestEndpoint } from "./testing/endpoints.ts";
import { simulate } from "./testing/simulation.ts";

pickerContract("LeastRequestPicker", () => new LeastRequestPicker());

describe("LeastRequestPicker", () => {
  it("takes the one of two with fewer in flight", () => {
    const endpoints = endpointsOf(1, 1);
    endpoints[0].inFlight = 3;
    endpoints[1].inFlight = 2;
    const picker = new LeastRequestPicker<TestEndpoint>();
    const random = seededRandom(1);
    for (let i = 0; i < 100; i++) assert.equal(picker.pick(endpoints, 0, random), endpoints[1]);
  });

  it("never takes the busiest of many equal ones while chance names two", () => {
    const endpoints = endpointsOf(...Array.from({ length: 10 }, () => 1));
    for (const [i, endpoint] of endpoints.entries()) endpoint.inFlight = i;
    const picker = new LeastRequestPicker<TestEndpoint>();
    const random = seededRandom(2);
    for (let i = 0; i < 1_000; i++) assert.notEqual(picker.pick(endpoints, 0, random), endpoints[9]);
  });

  it("with weights, shares what is left of them: weight ÷ (1 + in flight)", () => {
    const endpoints = endpointsOf(4, 1);
    endpoints[0].inFlight = 3;
    const picker = new LeastRequestPicker<TestEndpoint>();
    const random = seededRandom(3);
    let heavy = 0;
    for (let i = 0; i < 100; i++) if (picker.pick(endpoints, 0, random) === endpoints[0]) heavy++;
    assert.ok(Math.abs(heavy - 50) <= 1, `${heavy}`);
  });

  it("keeps a slow endpoint from piling up, with weights and without", () => {
    for (const weights of [
      [1, 1, 1, 1],
      [2, 1, 1, 1],
    ]) {
      const load = { requests: 20_000, everyMs: 2 };
      const slow = (index: number) => (index === 0 ? 100 : 10);
      const blind = simulate(new RandomPicker(), endpointsOf(...weights), load, slow);
      const wise = simulate(new LeastRequestPicker(), endpointsOf(...weights), load, slow);
      assert.ok(
        wise.mostInFlight < blind.mostInFlight / 2,
        `${wise.mostInFlight} against ${blind.mostInFlight}`,
      );
    }
  });
});
