import assert from "node:assert/strict";
import { test } from "node:test";
import { nameMismatch } from "../../resources/index.ts";
import { gatewayLabel, serviceName } from "./gateway-service.ts";

test("a long name becomes a label as GEP-1762 gives it", () => {
  const long = "example-very-very-very-very-very-very-very-very-very-long-gateway-name";
  assert.equal(gatewayLabel(long), "example-very-very-ve-65cb6f84bc9e50270d0a6c2f845fd98c6fe8d89f");
  assert.equal(gatewayLabel("edge"), "edge");
});

test("a Service is named after the Gateway and its class", () => {
  assert.equal(serviceName("edge", "heddle"), "edge-heddle");
});

test("names that no Service can have become good ones that stay apart", () => {
  const long = "a".repeat(60);
  const pairs = [
    ["a.b", "heddle"],
    ["a-b", "heddle.x"],
    ["1", "heddle"],
    [long, "heddle"],
    [`${long}b`, "heddle"],
    [`${"a".repeat(45)}-${long}`, "heddle"],
  ] as const;
  const names = pairs.map(([gateway, gatewayClass]) => serviceName(gateway, gatewayClass));
  for (const name of names) assert.equal(nameMismatch(name, "service"), undefined, name);
  assert.equal(new Set(names).size, names.length);
});
