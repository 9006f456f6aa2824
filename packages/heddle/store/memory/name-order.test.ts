import assert from "node:assert/strict";
import { test } from "node:test";
import { listChanges, seededRandom } from "@heddle/engine/base";
import { makeKey } from "../../resources/index.ts";
import { NameOrder } from "./name-order.ts";

const keyOf = (at: number) => makeKey("", at % 3 === 0 ? "Service" : "Secret", `ns-${at % 7}`, `name-${at}`);

test("after any changes the values are in the order of namespace and name", () => {
  const random = seededRandom(5);
  const order = new NameOrder<{ readonly key: string; readonly text: string }>();
  const plain = new Map<string, { readonly key: string; readonly text: string }>();
  for (let round = 0; round < 6_000; round++) {
    const key = keyOf(Math.floor(random.next() * 2_000));
    if (random.next() < 0.3) {
      order.delete(key);
      plain.delete(key);
    } else {
      const value = { key, text: sortText(key) };
      order.set(key, value);
      plain.set(key, value);
    }
    assert.equal(order.get(key), plain.get(key));
    if (round % 500 > 0) continue;
    const sorted = [...plain.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
    assert.deepEqual(order.values().toArray(), sorted);
  }
});

const sortText = (key: string): string => {
  const [, , namespace, name] = key.split("/");
  return `${namespace} ${name} ${key}`;
};

test("a change leaves all chunks but one, and the list is the same while nothing changes", () => {
  const order = new NameOrder<number>();
  for (let at = 0; at < 2_000; at++) order.set(keyOf(at), at);
  const before = order.values();
  assert.equal(order.values(), before);
  order.set(keyOf(700), -1);
  const after = order.values();
  assert.equal(after.chunks.filter((chunk) => !before.chunks.includes(chunk)).length, 1);
  assert.deepEqual(listChanges(before, after), { gone: [700], come: [-1] });
  for (let at = 0; at < 2_000; at++) order.delete(keyOf(at));
  assert.equal(order.values().length, 0);
  assert.equal(before.length, 2_000);
});
