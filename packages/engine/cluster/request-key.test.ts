import assert from "node:assert/strict";
import { test } from "node:test";
import { hashKey, NO_KEY } from "../balance/index.ts";
import { Fields, RequestHead } from "../message/index.ts";
import type { HashKeySpec } from "../model/index.ts";
import { requestKey } from "./request-key.ts";

const head = new RequestHead(
  "GET",
  "http",
  "shop.example",
  "/cart/7",
  "?user=a%20b&empty=",
  Fields.of([
    ["X-Tenant", "blue"],
    ["X-Tenant", "green"],
    ["Cookie", "a=1; sid=abc"],
    ["Cookie", "late=2"],
  ]),
);
const key = (on: HashKeySpec["on"], name: string = "", address: string = "192.0.2.7") =>
  requestKey({ on, name }, head, address);

test("takes the key from where the cluster says", () => {
  assert.equal(key("header", "x-tenant"), hashKey("blue, green"));
  assert.equal(key("header", "host"), hashKey("shop.example"));
  assert.equal(key("cookie", "sid"), hashKey("abc"));
  assert.equal(key("cookie", "late"), hashKey("2"));
  assert.equal(key("query", "user"), hashKey("a b"));
  assert.equal(key("path"), hashKey("/cart/7"));
  assert.equal(key("source"), hashKey("192.0.2.7"));
});

test("a request that has nothing there has no key", () => {
  assert.equal(key("header", "x-other"), NO_KEY);
  assert.equal(key("cookie", "other"), NO_KEY);
  assert.equal(key("query", "other"), NO_KEY);
  assert.equal(key("query", "empty"), NO_KEY);
  assert.equal(key("source", "", ""), NO_KEY);
});
