import assert from "node:assert/strict";
import type dns from "node:dns";
import { test } from "node:test";
import { AddressGuard } from "./address-guard.ts";

const control = [{ address: "127.0.0.1", port: 9901 }];

/** Answers with what the test says, as a server of the attacker's would. */
function guardWith(...answers: readonly (readonly string[])[]): AddressGuard {
  let asked = 0;
  const resolve = (_: string, __: object, callback: Function): void => {
    const addresses = answers[Math.min(asked++, answers.length - 1)]!;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return new AddressGuard(control, resolve as unknown as typeof dns.lookup);
}

function look(guard: AddressGuard, location: string): Promise<string> {
  const url = new URL(location);
  return new Promise((settle) => {
    guard.lookupFor(url)(url.hostname, { all: false }, (error, address) =>
      settle(error === null ? String(address) : `refused: ${error.message}`),
    );
  });
}

/** Spellings of addresses that nobody publishes keys at, as hosts of a URL. */
const spellings: readonly string[] = [
  // The metadata services of clouds
  "169.254.169.254",
  "0xa9fea9fe",
  "0xA9.0xFE.0xA9.0xFE",
  "0251.0376.0251.0376",
  "0251.254.169.254",
  "2852039166",
  "169.254.43518",
  "169.16689662",
  "169.254.169.254.",
  "%31%36%39.254.169.254",
  "１６９.254.169.254",
  "①⑥⑨.254.169.254",
  "169。254。169。254",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[0:0:0:0:0:ffff:a9fe:a9fe]",
  "[0000:0000:0000:0000:0000:ffff:a9fe:a9fe]",
  "[::169.254.169.254]",
  "[64:ff9b::169.254.169.254]",
  "[64:ff9b::a9fe:a9fe]",
  "[2002:a9fe:a9fe::]",
  "[2001:0:a9fe:a9fe::]",
  "[fd00:ec2::254]",
  "[fd00:0ec2:0:0:0:0:0:0254]",
  "[fd20:ce::254]",
  "100.100.100.200",
  "0x64646464c8",
  "169.254.170.2",
  "169.254.0.1",
  // Link-local, multicast, broadcast, unspecified, reserved
  "[fe80::1]",
  "[fe80::a9fe:a9fe]",
  "[febf::1]",
  "224.0.0.1",
  "239.255.255.250",
  "[ff02::1]",
  "[ff0e::1]",
  "255.255.255.255",
  "0xffffffff",
  "4294967295",
  "0.0.0.0",
  "0",
  "0x0",
  "00000000",
  "[::]",
  "[0:0:0:0:0:0:0:0]",
  "0.0.0.1",
  "240.0.0.1",
  "192.0.2.1",
  "198.51.100.1",
  "203.0.113.1",
  "[2001:db8::1]",
  "[::ffff:0.0.0.0]",
  "[::ffff:224.0.0.1]",
  // Heddle's own API
  "127.0.0.1:9901",
  "127.1:9901",
  "0x7f.1:9901",
  "2130706433:9901",
  "017700000001:9901",
  "[::ffff:127.0.0.1]:9901",
  "[::ffff:7f00:1]:9901",
  "[::1]:9901/../",
];

test("no spelling of an address that is none of a service is asked", () => {
  const guard = new AddressGuard([{ address: "::", port: 9901 }]);
  const asked = spellings.filter((host) => {
    if (!URL.canParse(`http://${host}/`)) return false;
    const url = new URL(`http://${host}/`);
    // What is no address to the URL parser is a name, which is looked at once it is resolved.
    return guard.mistakeOf(url) === null && /^[\d.]+$|^\[/.test(url.hostname);
  });
  assert.deepEqual(asked, []);
  assert.ok(spellings.length >= 59);
});

test("names are looked at once they are resolved", async () => {
  for (const address of ["169.254.169.254", "127.0.0.1", "::1", "0.0.0.0", "fe80::1", "::ffff:127.0.0.1"])
    assert.match(await look(guardWith([address]), "https://id.example/"), /^refused/, address);
  assert.equal(await look(guardWith(["192.168.1.7"]), "https://id.example/"), "192.168.1.7");
  assert.equal(await look(guardWith(["93.184.216.34"]), "https://id.example/"), "93.184.216.34");
});

test("of several addresses the good ones are asked", async () => {
  assert.equal(await look(guardWith(["127.0.0.1", "10.0.0.7"]), "https://id.example/"), "10.0.0.7");
});

test("a name that is another address each time is asked at the one that was looked at", async () => {
  const guard = guardWith(["10.0.0.7"], ["127.0.0.1"]);
  assert.equal(await look(guard, "https://id.example/"), "10.0.0.7");
  assert.match(await look(guard, "https://id.example/"), /^refused/);
});

test("this machine is asked by who names it, but for Heddle's own API", async () => {
  const guard = guardWith(["127.0.0.1"]);
  assert.equal(guard.mistakeOf(new URL("http://127.0.0.1:3000/")), null);
  assert.equal(guard.mistakeOf(new URL("http://[::1]:3000/")), null);
  assert.match(guard.mistakeOf(new URL("http://127.0.0.1:9901/"))!, /Heddle's own API/);
  assert.equal(await look(guard, "http://localhost:3000/"), "127.0.0.1");
  assert.match(await look(guard, "http://localhost:9901/"), /^refused/);
  assert.match(await look(guard, "http://localhost.example:3000/"), /^refused/);
});
