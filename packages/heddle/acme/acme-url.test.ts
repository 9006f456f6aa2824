import assert from "node:assert/strict";
import { test } from "node:test";
import { checkServerUrl } from "./acme-url.ts";

const directory = new URL("https://ca.example/directory");

test("URLs at the directory's origin are asked", () => {
  assert.equal(checkServerUrl("https://ca.example/order/1?a=b", directory, "x").pathname, "/order/1");
  assert.equal(checkServerUrl("https://CA.example:443/order/1", directory, "x").host, "ca.example");
});

const refused: [text: unknown, why: RegExp][] = [
  ["http://ca.example/order/1", /only https:\/\/ca\.example/],
  ["https://ca.example:8443/order/1", /ca\.example:8443/],
  ["https://169.254.169.254/latest/meta-data", /169\.254\.169\.254/],
  ["https://localhost/", /localhost/],
  ["https://ca.example.evil.example/", /evil/],
  ["https://ca.example@evil.example/", /evil/],
  ["https://user@ca.example/order/1", /origin/],
  ["file:///etc/passwd", /origin/],
  ["/order/1", /no URL/],
  ["", /no URL/],
  [undefined, /no URL/],
  [{ href: "https://ca.example/" }, /no URL/],
  [`https://ca.example/${"a".repeat(3_000)}`, /no URL/],
];
for (const [text, why] of refused) {
  test(`threats 33: ${JSON.stringify(text)?.slice(0, 60)} is not asked`, () => {
    assert.throws(() => checkServerUrl(text, directory, "the order"), why);
  });
}
