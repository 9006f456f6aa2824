import assert from "node:assert";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import { CHI_SQUARE_999, chiSquare } from "./testing/endpoints.ts";
import { WeightedChoice } from "./weighted-choice.ts";

function choiceOf(...weights: number[]): WeightedChoice<number> {
  return new WeightedChoice(weights.map((weight, item) => ({ item, weight })));
}

describe("WeightedChoice", () => {
  it("chooses in proportion to weight", () => {
    for (const weights of [
      [1, 1],
      [90, 10],
      [1, 2, 3, 4],
      [1_000_000, 1_000_000, 1],
    ]) {
      const choice = choiceOf(...weights);
      const random = seededRandom(11);
      const counts = weights.map(() => 0);
      for (let i = 0; i < 20_000; i++) counts[choice.choose(random)!]++;
      assert.ok(chiSquare(counts, weights) < CHI_SQUARE_999[weights.length - 1], `${weights}: ${counts}`);
    }
  });

  it("never chooses weight 0, at the edges of chance too", () => {
    const choice = choiceOf(0, 3, 0, 0, 1, 0);
    for (const fraction of [0, 0.5, 0.7499999, 0.75, 1 - 2 ** -53]) {
      const item = choice.choose({ next: () => fraction });
      assert.equal(item, fraction < 0.75 ? 1 : 4);
    }
  });

  it("chooses nothing when all weights are 0, or there is nothing", () => {
    for (const choice of [choiceOf(0, 0), choiceOf()]) {
      assert.equal(choice.choose(seededRandom(1)), null);
      assert.equal(choice.isEmpty, true);
    }
    assert.equal(choiceOf(0, 1).isEmpty, false);
  });

  it("asks for no random number where there is no choice", () => {
    const random = { next: () => assert.fail("there is one choice only") };
    assert.equal(choiceOf(0, 7).choose(random), 1);
  });
});
