import assert from "node:assert/strict";
import { test } from "node:test";
import { describeEndpoint, explainEndpoints } from "./explained-endpoint.ts";

const spec = { address: "10.0.0.1", port: 80, weight: 1, zone: "" };

test("endpoints outside of the subset, or without weight, are not among those a request may go to", () => {
  const specs = [
    spec,
    { ...spec, port: 81, labels: { version: "v2" } },
    { ...spec, port: 82, labels: { version: "v2" }, weight: 0 },
  ];
  const found = explainEndpoints(specs, { algorithm: "random", subset: { version: "v2" } });
  assert.deepEqual(found, [{ name: "10.0.0.1:81", weight: 1, priority: 0, zone: "" }]);
});

test("says of an endpoint what is not as usual", () => {
  const [usual, other] = explainEndpoints(
    [spec, { ...spec, port: 81, weight: 3, priority: 1, zone: "eu-1a" }],
    { algorithm: "random" },
  );
  assert.equal(describeEndpoint(usual!), "10.0.0.1:80");
  assert.equal(describeEndpoint(other!), "10.0.0.1:81, weight 3, priority 1, zone eu-1a");
});
