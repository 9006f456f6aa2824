import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/index.ts";
import { ConnectionTable, type Placed } from "./connection-table.ts";

interface Member extends Placed {
  readonly id: number;
}

const make = (id: number): Member => ({ id, place: -1 });

test("members come, go and are replaced as in a Set", () => {
  const table = new ConnectionTable<Member>();
  const set = new Set<Member>();
  const random = seededRandom(7);
  const all: Member[] = [];
  for (let step = 0; step < 2_000; step++) {
    const chosen = all[Math.floor(random.next() * all.length)];
    if (chosen === undefined || random.next() < 0.5) {
      const member = make(step);
      all.push(member);
      set.add(member);
      table.add(member);
    } else if (set.has(chosen) && random.next() < 0.3) {
      const other = make(step);
      all.push(other);
      set.delete(chosen);
      set.add(other);
      table.replace(chosen, other);
    } else {
      assert.equal(table.delete(chosen), set.delete(chosen));
    }
    assert.equal(table.size, set.size);
  }
  for (const member of all) assert.equal(table.has(member), set.has(member), `member ${member.id}`);
  assert.deepEqual(new Set(table.toArray()), set);
});

test("of several tables one that is in another is no member", () => {
  const one = new ConnectionTable<Member>();
  const other = new ConnectionTable<Member>();
  const member = make(1);
  const stranger = make(2);
  one.add(member);
  other.add(stranger);
  assert.equal(one.delete(stranger), false);
  assert.equal(one.has(member), true);
  assert.equal(other.delete(stranger), true);
  assert.equal(other.delete(stranger), false);
});
