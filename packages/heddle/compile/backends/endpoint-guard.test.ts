import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointMistake } from "./endpoint-guard.ts";

const loopback = [
  { address: "127.0.0.1", port: 9901 },
  { address: "::1", port: 9901 },
];
const everywhere = [{ address: "::", port: 9901 }];

const refused = (address: string, control = loopback, port = 9901) =>
  endpointMistake(address, port, control) !== null;

test("Heddle's own API is no endpoint, however its address is written", () => {
  for (const address of ["127.0.0.1", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1"]) {
    assert.ok(refused(address), address);
  }
  for (const name of ["localhost", "LOCALHOST", "localhost.", "api.localhost"])
    assert.ok(refused(name), name);
  assert.ok(refused("127.9.9.9", everywhere), "another loopback address of a socket on every address");
  assert.ok(refused("api.example", [{ address: "API.example", port: 9901 }]), "an API that is given by name");
});

test("other places on loopback are endpoints: that is where a laptop's services are", () => {
  assert.ok(!refused("127.0.0.1", loopback, 3000));
  assert.ok(!refused("127.0.0.2"));
  assert.ok(!refused("10.0.0.1"));
  assert.ok(!refused("localhost.example.com"));
  assert.ok(!refused("10.0.0.1", everywhere));
});

test("link-local, multicast, unspecified and metadata addresses are no endpoints", () => {
  const never = [
    "169.254.169.254",
    "169.254.0.1",
    "::ffff:169.254.169.254",
    "fe80::1",
    "fd00:ec2::254",
    "FD00:0EC2::0254",
    "100.100.100.200",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "0.0.0.0",
    "::",
    "::ffff:0.0.0.0",
  ];
  for (const address of never) assert.ok(refused(address, [], 80), address);
  for (const address of [
    "10.0.0.1",
    "192.168.1.1",
    "203.0.113.9",
    "2001:db8::1",
    "fd12::1",
    "api.example.com",
  ]) {
    assert.ok(!refused(address, [], 80), address);
  }
});
