import assert from "node:assert";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import type { Picker } from "./endpoint.ts";
import { CHI_SQUARE_999, chiSquare, countPicks, endpointsOf } from "./testing/endpoints.ts";
import type { TestEndpoint } from "./testing/endpoints.ts";

/** What every picker promises; see Picker. */
export function pickerContract(name: string, make: () => Picker<TestEndpoint>): void {
  describe(`${name}: the contract of pickers`, () => {
    it("picks nothing from nothing", () => {
      assert.equal(make().pick([], 0, seededRandom(1)), null);
    });

    it("picks the only one, excluded or ejected", () => {
      const [only] = endpointsOf(1);
      assert.equal(make().pick([only], 0, seededRandom(1)), only);
      assert.equal(make().pick([only], 0, seededRandom(1), only), only);
      only.isAvailable = false;
      assert.equal(make().pick([only], 0, seededRandom(1)), only);
    });

    it("spreads evenly over equal endpoints", () => {
      const counts = countPicks(make(), endpointsOf(1, 1, 1, 1, 1), 5_000);
      assert.ok(chiSquare(counts, [1, 1, 1, 1, 1]) < CHI_SQUARE_999[4], `${counts}`);
    });

    it("spreads in proportion to weight", () => {
      const weights = [1, 2, 3, 10, 0.5];
      const counts = countPicks(make(), endpointsOf(...weights), 16_500);
      assert.ok(chiSquare(counts, weights) < CHI_SQUARE_999[4], `${counts}`);
    });

    it("leaves out what is not available, and spreads its share evenly", () => {
      const endpoints = endpointsOf(1, 1, 1, 1, 1, 1);
      endpoints[1].isAvailable = false;
      endpoints[2].isAvailable = false;
      const counts = countPicks(make(), endpoints, 4_000);
      assert.deepEqual([counts[1], counts[2]], [0, 0]);
      assert.ok(chiSquare([counts[0], ...counts.slice(3)], [1, 1, 1, 1]) < CHI_SQUARE_999[3], `${counts}`);
    });

    it("finds the only available one among many", () => {
      const endpoints = endpointsOf(...Array.from({ length: 200 }, () => 1));
      for (const endpoint of endpoints) endpoint.isAvailable = endpoint === endpoints[137];
      assert.equal(countPicks(make(), endpoints, 50)[137], 50);
    });

    it("sees an endpoint come back", () => {
      const endpoints = endpointsOf(1, 1);
      const picker = make();
      endpoints[0].isAvailable = false;
      assert.equal(countPicks(picker, endpoints, 100)[0], 0);
      endpoints[0].isAvailable = true;
      assert.ok(countPicks(picker, endpoints, 100)[0] > 25);
    });

    it("panics when none is available: all are picked from", () => {
      const endpoints = endpointsOf(1, 1, 1);
      for (const endpoint of endpoints) endpoint.isAvailable = false;
      const counts = countPicks(make(), endpoints, 3_000);
      assert.ok(chiSquare(counts, [1, 1, 1]) < CHI_SQUARE_999[2], `${counts}`);
      const without = countPicks(make(), endpoints, 100, seededRandom(1), endpoints[1]);
      assert.equal(without[1], 0);
      assert.ok(without[0] > 20 && without[2] > 20, `${without}`);
    });

    it("avoids the excluded one while another is available", () => {
      const endpoints = endpointsOf(1, 100, 1);
      const counts = countPicks(make(), endpoints, 1_000, seededRandom(1), endpoints[1]);
      assert.equal(counts[1], 0);
      assert.ok(counts[0] > 300 && counts[2] > 300, `${counts}`);
    });

    it("takes the excluded one before an ejected one", () => {
      const endpoints = endpointsOf(1, 1, 1);
      endpoints[0].isAvailable = false;
      endpoints[2].isAvailable = false;
      assert.equal(countPicks(make(), endpoints, 50, seededRandom(1), endpoints[1])[1], 50);
    });

    it("follows a new list, with other endpoints and weights", () => {
      const picker = make();
      countPicks(picker, endpointsOf(1, 1, 1), 10);
      assert.deepEqual(countPicks(picker, endpointsOf(1), 10), [10]);
      const counts = countPicks(picker, endpointsOf(9, 1), 2_000);
      assert.ok(chiSquare(counts, [9, 1]) < CHI_SQUARE_999[1], `${counts}`);
    });

    it("does not change endpoints", () => {
      const endpoints = endpointsOf(1, 2);
      countPicks(make(), endpoints, 10);
      assert.deepEqual(endpoints, endpointsOf(1, 2));
    });

    it("depends on its arguments alone", () => {
      const run = () => countPicks(make(), endpointsOf(1, 2, 3), 100, seededRandom(5));
      assert.deepEqual(run(), run());
    });
  });
}
