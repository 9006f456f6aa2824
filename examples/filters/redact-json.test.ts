import assert from "node:assert/strict";
import { test } from "node:test";
import { testFilter } from "@heddle/filters/testing";
import redactJson from "./redact-json.ts";

const json = { "content-type": "application/json; charset=utf-8" };
const body = '{"name":"ada","card":"4111","orders":[{"id":1,"card":"4222"}]}';

test("named fields are blanked at any depth, however the response comes", async () => {
  for (const chunks of [body, [...body]]) {
    const upstream = () => ({ headers: json, body: chunks });
    const filter = await testFilter(redactJson, { fields: ["card"] }, { upstream });
    const response = await filter.fetch("/", { headers: { "accept-encoding": "gzip" } });
    assert.deepEqual(response.json(), { name: "ada", card: "***", orders: [{ id: 1, card: "***" }] });
    assert.equal(filter.upstream.requests[0]!.headers["accept-encoding"], undefined);
  }
});

test("what is no JSON passes as it is", async () => {
  const upstream = () => ({ headers: { "content-type": "text/plain" }, body: '{"card":1}' });
  const filter = await testFilter(redactJson, { fields: ["card"] }, { upstream });
  assert.equal((await filter.fetch("/")).text(), '{"card":1}');
});

test("what cannot be read is not let through", async () => {
  const broken = () => ({ headers: json, body: '{"card":"4111"' });
  const filter = await testFilter(redactJson, { fields: ["card"] }, { upstream: broken });
  const response = await filter.fetch("/");
  assert.equal(response.fault, "HDL_FILTER_FAILED");
  assert.ok(!response.text().includes("4111"));
  const long = () => ({ headers: json, body });
  const small = await testFilter(redactJson, { fields: ["card"], maxBytes: 10 }, { upstream: long });
  assert.equal((await small.fetch("/")).status, 502);
});
