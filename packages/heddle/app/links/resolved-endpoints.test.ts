import { ChunkedList } from "@heddle/engine/base";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSpec, EndpointsUnit } from "@heddle/engine/model";
import { hashUnit } from "../../compile/index.ts";
import type { Addresses } from "../../discovery/index.ts";
import { ResolvedEndpoints } from "./resolved-endpoints.ts";

const spec = (address: string, more: Partial<EndpointSpec> = {}): EndpointSpec => ({
  address,
  port: 80,
  weight: 2,
  zone: "a",
  ...more,
});

class Rig {
  readonly answers = new Map<string, Addresses>();
  readonly refused: string[] = [];
  wanted: readonly string[] = [];
  readonly resolved = new ResolvedEndpoints({
    names: {
      want: async (names) => void (this.wanted = [...names]),
      addressesOf: (name) => this.answers.get(name) ?? null,
    },
    isSystemName: (name) => name === "localhost",
    controlAddresses: [{ address: "127.0.0.1", port: 9901 }],
    onRefused: (name, address) => this.refused.push(`${name} ${address}`),
  });

  async endpoints(...specs: EndpointSpec[]): Promise<readonly EndpointSpec[]> {
    const unit: EndpointsUnit = { kind: "endpoints", name: "a", endpoints: specs };
    const [found] = await this.resolved.resolve(ChunkedList.of([hashUnit(unit)]));
    return (found.unit as EndpointsUnit).endpoints;
  }
}

test("each address of a name is an endpoint; others stay as they are", async () => {
  const rig = new Rig();
  rig.answers.set("a.test", { ipv4: ["10.0.0.1", "10.0.0.2"], ipv6: [] });
  const specs = [spec("a.test"), spec("10.0.0.9"), spec("localhost"), spec("/run/x.sock", { port: 0 })];
  const found = await rig.endpoints(...specs, spec("::1"), spec("unknown.test"));
  assert.deepEqual(rig.wanted, ["a.test", "unknown.test"]);
  assert.deepEqual(
    found.map(({ address }) => address),
    ["10.0.0.1", "10.0.0.2", "10.0.0.9", "localhost", "/run/x.sock", "::1", "unknown.test"],
  );
  assert.deepEqual(found[0], { ...spec("10.0.0.1"), hostname: "a.test" });
});

test("addresses of two families are pairs, as many as the longer list has", async () => {
  const rig = new Rig();
  rig.answers.set("a.test", { ipv4: ["10.0.0.1", "10.0.0.2", "10.0.0.3"], ipv6: ["2001:db8::1"] });
  rig.answers.set("b.test", { ipv4: ["10.0.1.1"], ipv6: ["2001:db8::2"] });
  const found = await rig.endpoints(spec("a.test"), spec("b.test"));
  assert.deepEqual(
    found.map(({ address, alternative }) => `${address} ${alternative}`),
    ["10.0.0.1 2001:db8::1", "10.0.0.2 2001:db8::1", "10.0.0.3 2001:db8::1", "2001:db8::2 10.0.1.1"],
  );
});

test("two names of one address are one endpoint", async () => {
  const rig = new Rig();
  for (const name of ["a.test", "b.test"]) rig.answers.set(name, { ipv4: ["10.0.0.1"], ipv6: [] });
  assert.equal((await rig.endpoints(spec("a.test"), spec("b.test"))).length, 1);
});

test("a name cannot lead to Heddle's own API, nor to the metadata service", async () => {
  const rig = new Rig();
  rig.answers.set("evil.test", { ipv4: ["127.0.0.1", "169.254.169.254", "10.0.0.1"], ipv6: [] });
  const found = await rig.endpoints(spec("evil.test", { port: 9901 }));
  assert.deepEqual(
    found.map(({ address }) => address),
    ["10.0.0.1"],
  );
  assert.deepEqual(rig.refused, ["evil.test 127.0.0.1", "evil.test 169.254.169.254"]);
});

test("units that say the same stay the same object, so that nothing is applied anew", async () => {
  const rig = new Rig();
  rig.answers.set("a.test", { ipv4: ["10.0.0.1"], ipv6: [] });
  const units = ChunkedList.of([hashUnit({ kind: "endpoints", name: "a", endpoints: [spec("a.test")] })]);
  const [first] = await rig.resolved.resolve(units);
  const [second] = await rig.resolved.resolve(units);
  assert.equal(first, second);
  rig.answers.set("a.test", { ipv4: ["10.0.0.2"], ipv6: [] });
  const [third] = await rig.resolved.resolve(units);
  assert.notEqual(third.hash, first.hash);
});
