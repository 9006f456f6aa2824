import assert from "node:assert/strict";
import { test } from "node:test";
import { listPlaces, missingPlaces } from "./list-places.ts";
import { seededRandom } from "./random.ts";

const places = (before: string, after: string) => [...listPlaces([...before], [...after])];

test("each item is found where it was before, beside what came, went or was replaced", () => {
  assert.deepEqual(places("", ""), []);
  assert.deepEqual(places("abc", "abc"), [0, 1, 2]);
  assert.deepEqual(places("abcde", "aXcYe"), [0, -1, 2, -1, 4]);
  assert.deepEqual(places("abcdef", "acdfX"), [0, 2, 3, 5, -1]);
  assert.deepEqual(places("acdf", "aXcdYZf"), [0, -1, 1, 2, -1, -1, 3]);
  assert.deepEqual(places("abc", ""), []);
});

test("what came and went leaves places that nothing is found at", () => {
  const missing = (before: string, after: string) =>
    missingPlaces(listPlaces([...before], [...after]), before.length);
  assert.deepEqual(missing("abcdef", "acXdf"), [1, 4]);
  assert.deepEqual(missing("ab", ""), [0, 1]);
  assert.deepEqual(missing("", "ab"), []);
});

test("no place is another item's, and none is given twice", () => {
  const random = seededRandom(7);
  for (let round = 0; round < 300; round++) {
    const all = Array.from({ length: 200 }, (_, at) => at);
    const some = () => all.filter(() => random.next() < 0.7);
    const [before, after] = [some(), some()];
    if (round % 3 === 0) after.reverse();
    const found = [...listPlaces(before, after)].flatMap((place, at) =>
      place === -1 ? [] : [[place, after[at]] as const],
    );
    for (const [place, item] of found) assert.equal(before[place], item);
    assert.equal(new Set(found.map(([place]) => place)).size, found.length);
  }
});
