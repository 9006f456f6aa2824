import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";
import { seededRandom } from "../base/index.ts";
import { formatIpv4, formatIpv6, mappedIpv4, parseIpv4, parseIpv6 } from "./ip-address.ts";

test("dotted quads", () => {
  assert.equal(parseIpv4("192.0.2.1"), 0xc0000201);
  assert.equal(parseIpv4("255.255.255.255"), 0xffffffff);
  for (const text of ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1..2.3", "1.2.3.4 ", "0x1.2.3.4"]) {
    assert.equal(parseIpv4(text), -1, text);
  }
  assert.equal(formatIpv4(0xc0000201), "192.0.2.1");
  assert.equal(formatIpv4(0xffffffff), "255.255.255.255");
});

test("IPv6 addresses (RFC 4291 section 2.2)", () => {
  assert.deepEqual(parseIpv6("2001:DB8::8:800:200C:417A"), [0x2001, 0xdb8, 0, 0, 8, 0x800, 0x200c, 0x417a]);
  assert.deepEqual(parseIpv6("::"), [0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(parseIpv6("1::"), [1, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(mappedIpv4(parseIpv6("::FFFF:129.144.52.38")!), parseIpv4("129.144.52.38"));
  assert.equal(mappedIpv4(parseIpv6("::1")!), -1);
});

test("IPv6 addresses as text (RFC 5952 section 4)", () => {
  for (const [text, shown] of [
    ["2001:0DB8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0::0", "::"],
    ["0:0::1", "::1"],
    ["1:0:0:0::", "1::"],
  ] as const) {
    assert.equal(formatIpv6(parseIpv6(text)!), shown);
    assert.deepEqual(parseIpv6(shown), parseIpv6(text));
  }
});

test("agrees with node:net on generated texts (seed 7)", () => {
  const random = seededRandom(7);
  const pieces = [":", "::", ":", "0", "1", "ffff", "db8", "12345", "1.2.3.4", ".", "g", "%", "255", "256"];
  let valid = 0;
  for (let i = 0; i < 20_000; i++) {
    let text = "";
    for (let n = 1 + Math.floor(random.next() * 15); n > 0; n--) {
      text += pieces[Math.floor(random.next() * pieces.length)];
    }
    if (text.includes("%")) continue; // zones: never ours
    assert.equal(parseIpv4(text) >= 0, isIPv4(text), text);
    assert.equal(parseIpv6(text) !== null, isIPv6(text), text);
    if (isIPv6(text)) valid++;
  }
  assert.ok(valid > 20, `only ${valid} valid addresses were generated`);
});
