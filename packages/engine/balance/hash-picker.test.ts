import assert from "node:assert";
import { describe, it } from "node:test";
import { seededRandom } from "../base/index.ts";
import { pickerContract } from "./contract.suite.ts";
import type { BuildTable } from "./hash-table.ts";
import { hashKey } from "./hash-key.ts";
import { HashPicker } from "./hash-picker.ts";
import { DEFAULT_MAGLEV_SIZE, maglevTable } from "./maglev-table.ts";
import { DEFAULT_RING_SIZE, ringTable } from "./ring-table.ts";
import { endpointsOf, TestEndpoint } from "./testing/endpoints.ts";

const KEYS = 20_000;
const random = seededRandom(1);
const largeRing = ringTable({ minimumSize: 262_144, maximumSize: 1_048_576 });

// Enough places that the shares of a ring are as even as the contract asks.
pickerContract("HashPicker on a ring", () => new HashPicker(largeRing));
pickerContract("HashPicker with Maglev", () => new HashPicker(maglevTable(DEFAULT_MAGLEV_SIZE)));
pickerContract("HashPicker with bounded loads", () => new HashPicker(maglevTable(DEFAULT_MAGLEV_SIZE), 125));

const tables: [string, BuildTable, moved: number, uneven: number][] = [
  ["a ring", ringTable(DEFAULT_RING_SIZE), 0, 0.2],
  ["Maglev", maglevTable(DEFAULT_MAGLEV_SIZE), 0.01, 0.05],
];

/** Where each key goes, by name. */
function placesOf(build: BuildTable, endpoints: readonly TestEndpoint[]): string[] {
  const picker = new HashPicker<TestEndpoint>(build);
  return Array.from(
    { length: KEYS },
    (_, i) => picker.pick(endpoints, 0, random, null, hashKey(`user-${i}`))!.name,
  );
}

function countsOf(places: readonly string[], endpoints: readonly TestEndpoint[]): number[] {
  return endpoints.map(({ name }) => places.filter((place) => place === name).length);
}

function addresses(count: number): TestEndpoint[] {
  return Array.from({ length: count }, (_, i) => new TestEndpoint(`10.0.${i >> 8}.${i & 255}:8080`, 1));
}

for (const [name, build, extra, uneven] of tables) {
  describe(`HashPicker with ${name}`, () => {
    it("sends a key to the same endpoint, from every worker, whatever the order of endpoints", () => {
      const endpoints = addresses(7);
      const places = placesOf(build, endpoints);
      assert.deepEqual(placesOf(build, addresses(7)), places);
      const moved = placesOf(build, addresses(7).reverse()).filter((place, i) => place !== places[i]);
      assert.ok(moved.length <= KEYS * extra, `${moved.length} keys moved`);
    });

    it("spreads keys over endpoints evenly", () => {
      const endpoints = addresses(10);
      const counts = countsOf(placesOf(build, endpoints), endpoints);
      for (const count of counts) assert.ok(Math.abs(count / (KEYS / 10) - 1) < uneven, `${counts}`);
    });

    it("spreads keys in proportion to weight", () => {
      const endpoints = addresses(4).map(
        ({ name: address }, i) => new TestEndpoint(address, [1, 2, 4, 3][i]),
      );
      const counts = countsOf(placesOf(build, endpoints), endpoints);
      for (const [i, count] of counts.entries())
        assert.ok(Math.abs(count / ((KEYS * endpoints[i].weight) / 10) - 1) < uneven, `${counts}`);
    });

    it("moves about one key in n when one of n comes or goes, and no more than that and a little", () => {
      for (const n of [5, 20, 50]) {
        const all = addresses(n);
        const before = placesOf(build, all);
        const gone = all[Math.floor(n / 2)].name;
        const after = placesOf(
          build,
          all.filter((endpoint) => endpoint.name !== gone),
        );
        const own = before.filter((place) => place === gone).length;
        const others = before.filter((place, i) => place !== gone && place !== after[i]).length;
        assert.ok(Math.abs((own * n) / KEYS - 1) < 0.6, `${own} of ${KEYS} keys were on one of ${n}`);
        assert.ok(others <= KEYS * extra, `${others} keys of others moved, of ${KEYS}, with ${n} endpoints`);
      }
    });

    it("an endpoint that fails has its keys spread over the others; theirs stay, and its own come back", () => {
      const endpoints = addresses(5);
      const picker = new HashPicker<TestEndpoint>(build);
      const keys = Array.from({ length: 5_000 }, (_, i) => hashKey(`k${i}`));
      const run = () => keys.map((key) => picker.pick(endpoints, 0, random, null, key)!);
      const before = run();
      endpoints[2].isAvailable = false;
      const during = run();
      endpoints[2].isAvailable = true;
      assert.deepEqual(run(), before);
      const heirs = new Map<TestEndpoint, number>();
      for (const [i, endpoint] of during.entries()) {
        if (before[i] !== endpoints[2]) assert.equal(endpoint, before[i]);
        else heirs.set(endpoint, (heirs.get(endpoint) ?? 0) + 1);
      }
      assert.equal(heirs.size, 4);
      for (const count of heirs.values()) assert.ok(count > 100, `${[...heirs.values()]}`);
    });

    it("is built in slices, each of a bounded number of steps", () => {
      const picker = new HashPicker<TestEndpoint>(build);
      const endpoints = addresses(5_000);
      let slices = 0;
      for (const _ of picker.prepare(endpoints)) slices++;
      assert.ok(slices > 1, `${slices}`);
      const picked = picker.pick(
        endpoints,
        0,
        { next: () => assert.fail("a key leaves no choice") },
        null,
        5,
      );
      assert.ok(endpoints.includes(picked!));
    });
  });
}

describe("HashPicker", () => {
  it("chooses by chance where a request has no key", () => {
    const endpoints = endpointsOf(1, 1, 1);
    const picker = new HashPicker<TestEndpoint>(maglevTable(DEFAULT_MAGLEV_SIZE));
    const seeded = seededRandom(9);
    const seen = new Set(Array.from({ length: 50 }, () => picker.pick(endpoints, 0, seeded)));
    assert.equal(seen.size, 3);
  });

  it("gives a retry another endpoint, the same for each retry of the key", () => {
    const endpoints = addresses(6);
    const picker = new HashPicker<TestEndpoint>(ringTable(DEFAULT_RING_SIZE));
    for (let i = 0; i < 50; i++) {
      const key = hashKey(`k${i}`);
      const first = picker.pick(endpoints, 0, random, null, key);
      const second = picker.pick(endpoints, 0, random, first, key);
      assert.notEqual(second, first);
      assert.equal(picker.pick(endpoints, 0, random, first, key), second);
    }
  });

  it("with bounded loads one hot key fills no endpoint beyond its share, and the first is used first", () => {
    const endpoints = addresses(10);
    const picker = new HashPicker<TestEndpoint>(maglevTable(DEFAULT_MAGLEV_SIZE), 150);
    const key = hashKey("celebrity");
    const own = picker.pick(endpoints, 0, random, null, key)!;
    for (let i = 1; i <= 400; i++) {
      const picked = picker.pick(endpoints, 0, random, null, key)!;
      if (i === 1) assert.equal(picked, own);
      picked.inFlight++;
      const most = Math.max(...endpoints.map(({ inFlight }) => inFlight));
      assert.ok(most <= Math.ceil((i / 10) * 1.5), `${most} of ${i} at one endpoint`);
    }
    assert.equal(own.inFlight, 60);
  });

  it("serves more endpoints than a table has places", () => {
    const endpoints = addresses(20);
    for (const endpoint of endpoints) endpoint.isAvailable = false;
    const picker = new HashPicker<TestEndpoint>(maglevTable(11));
    for (const endpoint of endpoints) {
      endpoint.isAvailable = true;
      assert.equal(picker.pick(endpoints, 0, random, null, 3), endpoint);
      endpoint.isAvailable = false;
    }
  });
});
