import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkedList, seededRandom } from "../base/index.ts";
import { unitKey } from "../model/index.ts";
import type { EndpointsUnit, RouteRule, RouteUnit, SnapshotDelta } from "../model/index.ts";
import { cutDelta, diffUnits } from "./delta.ts";
import type { HashedUnit, UnitChange } from "./delta.ts";

function endpoints(name: string, count: number = 1, hash: string = "1"): HashedUnit {
  const unit: EndpointsUnit = {
    kind: "endpoints",
    name,
    endpoints: Array.from({ length: count }, (_, i) => ({
      address: "10.0.0.1",
      port: i + 1,
      weight: 1,
      zone: "",
    })),
  };
  return { unit, hash };
}

function route(name: string, matches: number): HashedUnit {
  const rule = {
    matches: Array.from({ length: matches }, () => ({})),
    backends: [{}],
  } as unknown as RouteRule;
  const unit: RouteUnit = { kind: "route", name, attachments: [], rules: [rule], createdMs: 0 };
  return { unit, hash: "1" };
}

const diff = (have: HashedUnit[], want: HashedUnit[]): UnitChange =>
  diffUnits(ChunkedList.of(have), ChunkedList.of(want));

test("the difference is what is new or changed, and what is gone", () => {
  const before = [endpoints("same"), endpoints("changed"), endpoints("gone")];
  const want = [endpoints("same"), endpoints("changed", 1, "2"), endpoints("new")];
  const { puts, removes } = diff(before, want);
  assert.deepEqual(puts, want.slice(1));
  assert.deepEqual(removes, ["endpoints:gone"]);
});

test("units of the same name and another kind are other units", () => {
  const { puts, removes } = diff([endpoints("x")], [route("x", 1)]);
  assert.equal(puts.length, 1);
  assert.deepEqual(removes, ["endpoints:x"]);
});

test("units in chunks that both have are passed by", () => {
  let asked = 0;
  const watched = Array.from({ length: 1_000 }, (_, at) => {
    const { unit, hash } = endpoints(`e${at}`);
    return {
      get unit() {
        asked++;
        return unit;
      },
      hash,
    };
  });
  const have = ChunkedList.of<HashedUnit>(watched);
  const [changed, fresh] = [endpoints("e7", 1, "2"), endpoints("new")];
  assert.deepEqual(diffUnits(have, have.with(7, 8, [changed])), { puts: [changed], removes: [] });
  assert.deepEqual(diffUnits(have, have.with(7, 8, [])), { puts: [], removes: ["endpoints:e7"] });
  assert.deepEqual(diffUnits(have, have.with(999, 999, [fresh])), { puts: [fresh], removes: [] });
  assert.deepEqual(diffUnits(have, ChunkedList.of<HashedUnit>(watched)), { puts: [], removes: [] });
  assert.ok(asked < 5, `${asked} units were looked at`);
});

test("what is to be put again is, in its place, wherever it is", () => {
  const units = Array.from({ length: 600 }, (_, at) => endpoints(`e${at}`));
  const have = ChunkedList.of(units);
  const changed = endpoints("e300", 1, "2");
  const again = new Set(["endpoints:e1", "endpoints:e299", "endpoints:e300", "endpoints:none"]);
  const { puts, removes } = diffUnits(have, have.with(300, 301, [changed]), again);
  assert.deepEqual([puts, removes], [[units[1], units[299], changed], []]);
});

test("any two lists differ by what their keys and hashes say, whatever their order", () => {
  const random = seededRandom(20_261_128);
  const pool = Array.from({ length: 12 }, (_, at) => endpoints(`e${at % 6}`, 1, String(at % 2)));
  // A chunk of its own for each few, some of them those of the list before.
  const known = new Map<string, HashedUnit[]>();
  const chunked = (list: HashedUnit[]): ChunkedList<HashedUnit> => {
    const chunks: HashedUnit[][] = [];
    for (let at = 0; at < list.length; at += 2) {
      const chunk = list.slice(at, at + 2);
      const name = chunk.map(({ unit, hash }) => `${unit.name}/${hash}`).join();
      const made = random.next() < 0.5 ? chunk : (known.get(name) ?? chunk);
      known.set(name, made);
      chunks.push(made);
    }
    return ChunkedList.ofChunks(chunks);
  };
  for (let round = 0; round < 2_000; round++) {
    const some = (): ChunkedList<HashedUnit> => {
      const byKey = new Map<string, HashedUnit>();
      for (const one of pool) {
        if (random.next() < 0.6) byKey.set(unitKey(one.unit), random.next() < 0.5 ? one : { ...one });
      }
      const list = [...byKey.values()];
      return chunked(random.next() < 0.3 ? list.reverse() : list);
    };
    const [before, want] = [some(), some()];
    const again = new Set(random.next() < 0.5 ? ["endpoints:e1"] : []);
    const { puts, removes } = diffUnits(before, want, again);
    const had = new Map([...before].map(({ unit, hash }) => [unitKey(unit), hash]));
    const expected = want.toArray().filter(({ unit, hash }) => {
      const key = unitKey(unit);
      return had.get(key) !== hash || again.has(key);
    });
    assert.deepEqual(puts, expected, `round ${round}`);
    const keys = new Set([...want].map(({ unit }) => unitKey(unit)));
    const gone = [...had.keys()].filter((key) => !keys.has(key));
    assert.deepEqual(removes, gone, `round ${round}`);
  }
});

function cut(puts: HashedUnit[], removes: string[] = [], indexes: [string, number][] = []): SnapshotDelta[] {
  return [...cutDelta(7, { puts, removes }, indexes)];
}

test("a change without content is one message, which ends it", () => {
  assert.deepEqual(cut([]), [{ version: 7, puts: [], removes: [], indexes: [], isLast: true }]);
});

test("messages are small, in order, whole, and only the last one ends the version and removes", () => {
  const puts = Array.from({ length: 1_000 }, (_, i) => endpoints(`e${i}`));
  const indexes = puts.map(({ unit }, i): [string, number] => [`cluster:${unit.name}`, i]);
  const deltas = cut(puts, ["route:gone"], indexes);
  assert.deepEqual(
    deltas.flatMap((delta) => delta.puts),
    puts,
  );
  assert.deepEqual(
    deltas.flatMap((delta) => delta.indexes),
    indexes,
  );
  assert.deepEqual(
    deltas.map(({ isLast }) => isLast),
    [...new Array<boolean>(deltas.length - 1).fill(false), true],
  );
  assert.deepEqual(
    deltas.flatMap((delta) => delta.removes),
    ["route:gone"],
  );
  assert.equal(deltas.at(-1)?.removes.length, 1);
  for (const delta of deltas) {
    assert.equal(delta.version, 7);
    assert.ok(delta.puts.length <= 40);
    assert.ok(delta.indexes.length <= 480);
  }
});

test("heavy units fill a message sooner", () => {
  const deltas = cut(Array.from({ length: 30 }, (_, i) => route(`r${i}`, 59)));
  assert.ok(
    deltas.every(({ puts }) => puts.length <= 2),
    deltas.map(({ puts }) => puts.length).join(" "),
  );
  const large = cut(Array.from({ length: 4 }, (_, i) => endpoints(`e${i}`, 5_000)));
  assert.ok(large.every(({ puts }) => puts.length <= 1));
});

test("many indexes with few units are cut too", () => {
  const indexes = Array.from({ length: 5_000 }, (_, i): [string, number] => [`endpoint:a|${i}`, i]);
  const deltas = cut([endpoints("a")], [], indexes);
  assert.deepEqual(
    deltas.flatMap((delta) => delta.indexes),
    indexes,
  );
  assert.ok(deltas.every((delta) => delta.indexes.length <= 480));
});
