import assert from "node:assert";
import { it } from "node:test";
import { runToEnd, seededRandom } from "../base/index.ts";
import { HostIndex } from "./host-index.ts";

const few = ["", "x", "a.x", "b.a.x", "c.b.a.x", "a.y", "*.x", "*.a.x", "*.b.a.x", "*.y"];
const names = few.concat(Array.from({ length: 600 }, (_, at) => `h${at}.x`));
const hosts = [...names.map((name) => name.replace("*", "any")), "elsewhere"];

it("one that is changed finds what one built anew finds, by itself and by what it falls back to", () => {
  const random = seededRandom(20_261_202);
  const some = (): string => names[Math.floor(random.next() ** 3 * names.length)];
  const found = (index: HostIndex<number>): unknown[] =>
    hosts.map((host) => {
      const values: number[] = [];
      for (let node = index.find(host); node !== null; node = node.fallback) values.push(node.value);
      return values;
    });
  const entries = new Map(names.slice(5).map((name, at) => [name, at]));
  let index = runToEnd(HostIndex.build(entries, 32));
  for (let round = 0; round < 100; round++) {
    const before = found(index);
    const changes = new Map<string, number | undefined>();
    for (let edit = 0; edit < 3; edit++) changes.set(some(), random.next() < 0.4 ? undefined : 1_000 + round);
    for (const [name, value] of changes) {
      if (value === undefined) entries.delete(name);
      else entries.set(name, value);
    }
    const changed = runToEnd(index.changed(changes, 32));
    assert.deepEqual(found(changed), found(runToEnd(HostIndex.build(entries, 32))));
    for (const name of names) assert.equal(changed.valueOf(name), entries.get(name), name);
    assert.deepEqual(found(index), before, "the one before");
    index = changed;
  }
});
