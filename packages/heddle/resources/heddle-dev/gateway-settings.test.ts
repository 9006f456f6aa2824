import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileTrustedHops } from "@heddle/engine/message";
import { validateResource } from "../index.ts";

function validate(spec: unknown) {
  return validateResource({
    apiVersion: "heddle.dev/v1alpha1",
    kind: "GatewaySettings",
    metadata: { name: "s" },
    spec,
  });
}

const isAccepted = (spec: unknown) => validate(spec).resource !== undefined;

describe("GatewaySettings", () => {
  test("has no defaults of its own, so that what is not given comes from the class", () => {
    assert.deepEqual(validate({}).resource, {
      apiVersion: "heddle.dev/v1alpha1",
      kind: "GatewaySettings",
      metadata: { name: "s", namespace: "default" },
      spec: {},
    });
  });

  test("a trusted hop is an address or a range that the data plane can read", () => {
    const good = [
      "10.0.0.7",
      "10.0.0.0/8",
      "0.0.0.0/0",
      "::1",
      "2001:db8::/32",
      "::ffff:10.0.0.0/104",
      "::/0",
    ];
    const bad = [
      "",
      "a",
      "10.0.0",
      "10.0.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/08",
      "::/129",
      "fe80::1%eth0",
      "1.2.3.4/8/8",
    ];
    for (const hop of good) {
      assert.ok(isAccepted({ forwarded: { trustedHops: [hop] } }), hop);
      compileTrustedHops([hop]);
    }
    for (const hop of bad) {
      const { problems } = validate({ forwarded: { trustedHops: ["::1", hop] } });
      assert.equal(problems[0]?.path, "spec.forwarded.trustedHops[1]", hop);
    }
  });

  test("a header of priorities is one that has no other meaning, and its sources are addresses", () => {
    for (const priorityHeader of ["", "x-request-priority", "Priority"])
      assert.ok(isAccepted({ overload: { priorityHeader } }), priorityHeader);
    for (const priorityHeader of ["Cookie", "host", "content-length", "x-forwarded-for", "a b", "a:"]) {
      const { problems } = validate({ overload: { priorityHeader } });
      assert.equal(problems[0]?.path, "spec.overload.priorityHeader", priorityHeader);
    }
    const { problems } = validate({ overload: { trustedSources: ["edge"] } });
    assert.equal(problems[0]?.path, "spec.overload.trustedSources[0]");
  });

  test("via is one received-by name, and cannot bring a field of its own", () => {
    for (const via of ["", "heddle", "edge.example:8080"]) assert.ok(isAccepted({ forwarded: { via } }), via);
    for (const via of ["a b", "a, b", "a\r\nx: y", "(x)", ":80"])
      assert.ok(!isAccepted({ forwarded: { via } }), via);
  });

  test("upgrades are named once, in lower case, and never h2c", () => {
    for (const upgrades of [[], ["websocket"], ["websocket", "irc/6.9"]]) assert.ok(isAccepted({ upgrades }));
    for (const upgrades of [["h2c"], ["WebSocket"], ["websocket", "websocket"], ["a b"], [""]]) {
      assert.ok(!isAccepted({ upgrades }), upgrades.join());
    }
  });

  test("a duration out of bounds, a fraction of an octet and a misspelt field are refused by their paths", () => {
    const pathOf = (spec: unknown) => validate(spec).problems[0]?.path;
    assert.equal(pathOf({ limits: { headTimeout: "0s" } }), "spec.limits.headTimeout");
    assert.equal(pathOf({ limits: { headTimeout: "10" } }), "spec.limits.headTimeout");
    assert.equal(pathOf({ limits: { maxHeadBytes: 1024.5 } }), "spec.limits.maxHeadBytes");
    assert.equal(pathOf({ limits: { maxBodyByte: 1 } }), "spec.limits.maxBodyByte");
    assert.equal(pathOf({ upstream: { ejection: { maxShare: 1.5 } } }), "spec.upstream.ejection.maxShare");
  });
});
