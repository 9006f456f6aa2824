import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { clientAddress, compileTrustedHops, forwardedElement } from "./forwarded.ts";

suite("trusted hops", () => {
  test("addresses and ranges of both families", () => {
    const isTrusted = compileTrustedHops([
      "10.0.0.0/8",
      "192.0.2.7",
      "2001:db8::/33",
      "::1",
      "172.16.128.0/17",
    ]);
    for (const address of [
      "10.255.0.1",
      "::ffff:10.1.2.3",
      "192.0.2.7",
      "2001:db8:7fff::1",
      "::1",
      "172.16.200.1",
    ]) {
      assert.ok(isTrusted(address), address);
    }
    for (const address of ["11.0.0.1", "192.0.2.8", "2001:db8:8000::1", "::2", "172.16.1.1", "", "unknown"]) {
      assert.ok(!isTrusted(address), address);
    }
  });

  test("a range of one family holds no address of the other", () => {
    assert.ok(!compileTrustedHops(["::/0"])("10.0.0.1"));
    assert.ok(!compileTrustedHops(["::/0"])("::ffff:10.0.0.1"));
    assert.ok(compileTrustedHops(["::/0"])("2001:db8::1"));
    assert.ok(!compileTrustedHops(["0.0.0.0/0"])("2001:db8::1"));
    assert.ok(compileTrustedHops(["0.0.0.0/0"])("::ffff:10.0.0.1"));
  });

  test("a mapped range is one of IPv4", () => {
    const isTrusted = compileTrustedHops(["::ffff:10.0.0.0/104"]);
    assert.ok(isTrusted("10.9.9.9"));
    assert.ok(!isTrusted("11.9.9.9"));
  });

  test("what is no range is an error that names it", () => {
    for (const range of ["", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0/8"]) {
      assert.throws(() => compileTrustedHops([range]), RangeError, range);
    }
  });
});

suite("client address (threat 17)", () => {
  const isTrusted = compileTrustedHops(["10.0.0.0/8", "::1"]);
  const cases: [string, string, string[], string][] = [
    ["nobody trusted is believed", "192.0.2.1", ["203.0.113.9"], "192.0.2.1"],
    ["a trusted peer without the field", "10.0.0.1", [], "10.0.0.1"],
    ["the entry of a trusted peer", "10.0.0.1", ["203.0.113.9"], "203.0.113.9"],
    [
      "from the right, up to the first untrusted",
      "10.0.0.1",
      ["1.1.1.1, 203.0.113.9, 10.0.0.2"],
      "203.0.113.9",
    ],
    ["over several lines", "10.0.0.1", ["1.1.1.1", "203.0.113.9,10.0.0.3", "10.0.0.2"], "203.0.113.9"],
    ["all trusted: the leftmost", "10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"],
    ["no address: the hop that sent it", "10.0.0.1", ["1.1.1.1, unknown"], "10.0.0.1"],
    ["empty entries are skipped", "10.0.0.1", [" ,203.0.113.9,, "], "203.0.113.9"],
    ["ports and brackets", "::1", ["[2001:DB8::1]:443"], "2001:db8::1"],
    ["an IPv4 entry with a port", "::1", ["203.0.113.9:1234"], "203.0.113.9"],
    ["mapped entries are IPv4", "::1", ["::ffff:203.0.113.9"], "203.0.113.9"],
    ["an in-process caller", "", ["203.0.113.9"], ""],
  ];
  for (const [title, peer, values, expected] of cases) {
    test(title, () => assert.equal(clientAddress(peer, values, isTrusted), expected));
  }
});

test("Forwarded elements (RFC 7239 sections 4 and 6)", () => {
  assert.equal(
    forwardedElement("192.0.2.60", "203.0.113.43", "shop.example", "http"),
    "for=192.0.2.60;by=203.0.113.43;host=shop.example;proto=http",
  );
  assert.equal(
    forwardedElement("2001:db8:cafe::17", "", "[::1]:8080", "https"),
    'for="[2001:db8:cafe::17]";host="[::1]:8080";proto=https',
  );
  assert.equal(forwardedElement("", "", "", ""), "for=unknown");
});
