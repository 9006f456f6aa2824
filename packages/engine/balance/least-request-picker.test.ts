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

  it("with weights, compares in flight ÷ weight", () => {
    const endpoints = endpointsOf(4, 1);
    const picker = new LeastRequestPicker<TestEndpoint>();
    const random = seededRandom(3);
    const takes = (heavy: number, light: number, expected: number): void => {
      endpoints[0].inFlight = heavy;
      endpoints[1].inFlight = light;
      for (let i = 0; i < 100; i++) assert.equal(picker.pick(endpoints, 0, random), endpoints[expected]);
    };
    takes(3, 1, 0);
    takes(5, 1, 1);
    takes(1, 0, 1);
  });

  it("under load, gives endpoints of other weights their shares", () => {
    const weights = [8, 4, 2, 1, 1];
    const load = { requests: 20_000, everyMs: 1 };
    // As fast as their weight: each can take its share, and no more.
    const serviceMs = (index: number, inFlight: number) => (12 * (1 + inFlight)) / weights[index];
    const { counts } = simulate(new LeastRequestPicker(), endpointsOf(...weights), load, serviceMs);
    for (const [i, weight] of weights.entries()) {
      const share = counts[i] / 20_000;
      assert.ok(Math.abs(share - weight / 16) < 0.03, `${counts}`);
    }
  });

  it("looks at two of ten thousand, whatever their weights", () => {
    let looks = 0;
    const endpoints = endpointsOf(...Array.from({ length: 10_000 }, (_, i) => 1 + (i % 3))).map((own) =>
      Object.defineProperty(own, "isAvailable", { get: () => (looks++, true) }),
    );
    const picker = new LeastRequestPicker<TestEndpoint>();
    const random = seededRandom(4);
    picker.pick(endpoints, 0, random);
    looks = 0;
    for (let i = 0; i < 100; i++) picker.pick(endpoints, 0, random);
    assert.ok(looks < 500, `${looks}`);
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
