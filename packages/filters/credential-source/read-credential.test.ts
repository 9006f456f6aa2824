import assert from "node:assert/strict";
import { test } from "node:test";
import { makeExchange } from "../filter-run.suite.ts";
import { AMBIGUOUS } from "./config.ts";
import { dropCredential, readCredential } from "./read-credential.ts";

type Pairs = readonly (readonly [string, string])[];

const header = { in: "header", name: "x-api-key", scheme: "" } as const;
const bearer = { in: "header", name: "authorization", scheme: "Bearer" } as const;
const query = { in: "query", name: "api_key", scheme: "" } as const;

const withHeaders = (headers: Pairs) => makeExchange({ headers }).request;
const withTarget = (target: string) => makeExchange({ target }).request;

test("a header is read whole, or behind its scheme in any letters", () => {
  assert.equal(readCredential(withHeaders([["x-api-key", "k"]]), header), "k");
  assert.equal(readCredential(withHeaders([["authorization", "bEARER   k"]]), bearer), "k");
  assert.equal(readCredential(withHeaders([["authorization", "Bearer a b"]]), bearer), "a b");
  for (const value of ["Basic k", "Bearer", "Bearerk", "", "Bearer\tk"])
    assert.equal(readCredential(withHeaders([["authorization", value]]), bearer), undefined, value);
  assert.equal(readCredential(withHeaders([]), header), undefined);
});

test("a header that is there twice is ambiguous, whatever it says", () => {
  const twice = (name: string, a: string, b: string) => withHeaders([[name, a], [name, b]]); // prettier-ignore
  assert.equal(readCredential(twice("x-api-key", "k", "k"), header), AMBIGUOUS);
  assert.equal(readCredential(twice("authorization", "Bearer k", "Basic x"), bearer), AMBIGUOUS);
});

test("a query parameter is found by its decoded name, and decoded", () => {
  for (const [target, found] of [
    ["/?api_key=k", "k"],
    ["/?a=1&api%5Fkey=k%2b&b", "k+"],
    ["/?api_key", ""],
    ["/?api_key=a+b", "a b"],
    ["/?api_key=%zz", "%zz"],
    ["/?xapi_key=k&API_KEY=k&api_key2=k", undefined],
    ["/", undefined],
    ["/?", undefined],
    ["/?api_key=k&api_key=k", AMBIGUOUS],
    ["/?api_key=k&%61pi_key=", AMBIGUOUS],
  ] as const)
    assert.equal(readCredential(withTarget(target), query), found, target);
});

test("what was read is taken off, and nothing else", () => {
  for (const [target, left] of [
    ["/?api_key=k", ""],
    ["/?a=1&api%5Fkey=k&b=%20", "?a=1&b=%20"],
    ["/?api_key=k&&c", "?&c"],
  ] as const) {
    const request = withTarget(target);
    dropCredential(request, query);
    assert.equal(request.query, left, target);
  }
  const request = withHeaders([["x-api-key", "k"], ["x-other", "o"]]); // prettier-ignore
  dropCredential(request, header);
  assert.deepEqual(request.fields.toPairs(), [["x-other", "o"]]);
});
