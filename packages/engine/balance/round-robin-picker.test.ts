import assert from "node:assert";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import { pickerContract } from "./contract.suite.ts";
import { RoundRobinPicker } from "./round-robin-picker.ts";
import { countPicks, endpointsOf } from "./testing/endpoints.ts";
import type { TestEndpoint } from "./testing/endpoints.ts";

pickerContract("RoundRobinPicker", () => new RoundRobinPicker());

const zero = { next: () => 0 };

function sequence(picker: RoundRobinPicker<TestEndpoint>, endpoints: TestEndpoint[], picks: number): string {
  return Array.from({ length: picks }, () => picker.pick(endpoints, 0, zero)!.name).join("");
}

describe("RoundRobinPicker", () => {
  it("takes equal endpoints in turn", () => {
    assert.equal(sequence(new RoundRobinPicker(), endpointsOf(1, 1, 1), 7), "0120120");
  });

  it("spreads a heavy one out, as nginx does", () => {
    assert.equal(sequence(new RoundRobinPicker(), endpointsOf(5, 1, 1), 14), "00102000010200");
  });

  it("is exact over each cycle, wherever it starts", () => {
    for (let seed = 0; seed < 20; seed++) {
      const picker = new RoundRobinPicker<TestEndpoint>();
      const endpoints = endpointsOf(3, 2, 4);
      for (let cycle = 0; cycle < 5; cycle++) {
        assert.deepEqual(countPicks(picker, endpoints, 9, seededRandom(seed)), [3, 2, 4]);
      }
    }
  });

  it("many workers do not all begin with the same endpoint", () => {
    const random = seededRandom(3);
    const firsts = endpointsOf(1, 1, 1, 1).map(() => 0);
    for (let worker = 0; worker < 400; worker++) {
      const endpoints = endpointsOf(1, 1, 1, 1);
      firsts[endpoints.indexOf(new RoundRobinPicker<TestEndpoint>().pick(endpoints, 0, random)!)]++;
    }
    for (const count of firsts) assert.ok(count > 60, `${firsts}`);
  });

  for (const weights of [
    [1, 1, 1],
    [2, 3, 2],
  ]) {
    it(`an endpoint that was away gets no burst when it comes back, weights ${weights}`, () => {
      const picker = new RoundRobinPicker<TestEndpoint>();
      const endpoints = endpointsOf(...weights);
      endpoints[2].isAvailable = false;
      countPicks(picker, endpoints, 100, zero);
      endpoints[2].isAvailable = true;
      const after = sequence(picker, endpoints, 21);
      assert.ok(!after.includes("22"), after);
      assert.ok(
        Math.abs(after.split("2").length - 1 - (21 * weights[2]) / (weights[0] + weights[1] + weights[2])) <=
          1,
        after,
      );
    });
  }
});
