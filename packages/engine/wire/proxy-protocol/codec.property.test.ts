import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatIpv4, formatIpv6 } from "../../message/index.ts";
import { crc32c } from "./crc32c.ts";
import { encodeProxyHeader, mistakeText, parseProxyHeader, ProxyHeaderReader } from "./index.ts";
import type { ProxyAddresses } from "./index.ts";

const SEED = 20261128;
const options = { seed: SEED, numRuns: 2_000 };
const title = (text: string) => `${text} (seed ${SEED})`;

const port = fc.integer({ min: 0, max: 65_535 });
const ipv4 = fc.integer({ min: 0, max: 0xffffffff }).map(formatIpv4);
// Not below ::/16, where IPv4 addresses hide.
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const ipv6 = fc
  .tuple(fc.integer({ min: 1, max: 0xffff }), fc.array(group, { minLength: 7, maxLength: 7 }))
  .map(([first, rest]) => formatIpv6([first, ...rest]));
const pairOf = (address: fc.Arbitrary<string>) =>
  fc
    .tuple(address, port, address, port)
    .map(([sourceAddress, sourcePort, destinationAddress, destinationPort]): ProxyAddresses => {
      return { sourceAddress, sourcePort, destinationAddress, destinationPort };
    });
// The last: one of each family.
const addresses = fc.oneof(pairOf(ipv4), pairOf(ipv6), pairOf(fc.oneof(ipv4, ipv6)), fc.constant(null));
const version = fc.constantFrom("v1" as const, "v2" as const);

test(title("a header that was encoded is read as it was, however it is split"), () => {
  fc.assert(
    fc.property(version, addresses, fc.nat(60), (as, sent, cut) => {
      const header = Buffer.from(encodeProxyHeader(as, sent), "latin1");
      const bytes = Buffer.concat([header, Buffer.from("rest")]);
      const reader = new ProxyHeaderReader();
      const first = bytes.subarray(0, cut);
      let read = cut > 0 ? reader.read(first, first.length) : "partial";
      if (read === "partial") read = reader.read(bytes.subarray(cut), bytes.length - cut);
      const expected = { length: header.length, version: as === "v1" ? 1 : 2, addresses: sent };
      assert.deepEqual(read, expected);
    }),
    options,
  );
});

test(title("no octets make it throw, and none is read beyond the header"), () => {
  const change = fc.tuple(fc.nat(60), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(version, addresses, fc.array(change, { maxLength: 4 }), (as, sent, changes) => {
      const bytes = Buffer.from(`${encodeProxyHeader(as, sent)}rest`, "latin1");
      for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
      const read = parseProxyHeader(bytes, bytes.length);
      if (typeof read === "object") assert.ok(read.length <= bytes.length);
      else if (read !== "partial") assert.match(mistakeText(read), /PROXY protocol/);
    }),
    options,
  );
});

test(title("a checksum holds for every octet of the header"), () => {
  fc.assert(
    fc.property(pairOf(ipv4), fc.nat(34), fc.integer({ min: 1, max: 255 }), (sent, at, flip) => {
      const bytes = Buffer.concat([Buffer.from(encodeProxyHeader("v2", sent), "latin1"), Buffer.alloc(7)]);
      bytes[15] = 12 + 7;
      bytes.set([0x03, 0, 4], 28);
      bytes.writeUInt32BE(crc32c(bytes, bytes.length, 31, 35), 31);
      assert.deepEqual(parseProxyHeader(bytes, bytes.length), { length: 35, version: 2, addresses: sent });
      bytes[at]! ^= flip;
      const read = parseProxyHeader(bytes, bytes.length);
      // LOCAL has none, and another type of TLV is no checksum: but never are there other ones.
      if (typeof read === "object" && read.addresses !== null) assert.deepEqual(read.addresses, sent);
    }),
    options,
  );
});

test("the checksum of RFC 3720 appendix B.4", () => {
  const ofText = (bytes: Uint8Array) => crc32c(bytes, bytes.length, 0, 0);
  assert.equal(ofText(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(ofText(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(ofText(Buffer.from("123456789")), 0xe3069283);
});

test("texts of headers", () => {
  const of = (sourceAddress: string, destinationAddress: string): ProxyAddresses => {
    return { sourceAddress, sourcePort: 1, destinationAddress, destinationPort: 2 };
  };
  const line = (sent: ProxyAddresses | null) => encodeProxyHeader("v1", sent);
  assert.equal(line(of("192.0.2.1", "198.51.100.2")), "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\r\n");
  assert.equal(line(of("2001:DB8:0::1", "::1")), "PROXY TCP6 2001:db8::1 ::1 1 2\r\n");
  // Of two families both are written as IPv6; a zone means nothing elsewhere.
  assert.equal(line(of("192.0.2.1", "::1")), "PROXY TCP6 ::ffff:c000:201 ::1 1 2\r\n");
  assert.equal(line(of("fe80::1%eth0", "fe80::2%eth0")), "PROXY TCP6 fe80::1 fe80::2 1 2\r\n");
  // Who has no address is nobody's client.
  assert.equal(line(of("", "")), "PROXY UNKNOWN\r\n");
  assert.equal(line(null), "PROXY UNKNOWN\r\n");
  assert.equal(encodeProxyHeader("v2", null), "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0");
});
