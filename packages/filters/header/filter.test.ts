import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Fields, isFieldValue, isToken } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { HeaderModifierConfig } from "./config.ts";
import { headerModifier } from "./filter.ts";

type Pairs = readonly (readonly [string, string])[];

const config = (
  direction: "request" | "response",
  change: Partial<Omit<HeaderModifierConfig, "direction">>,
): HeaderModifierConfig => ({ direction, set: [], add: [], remove: [], ...change });

function requestAfter(change: Partial<HeaderModifierConfig>, headers: Pairs): [string, string][] {
  const exchange = makeExchange({ headers });
  assert.equal(new FilterRun(headerModifier, config("request", change), exchange).request(), undefined);
  return exchange.request.fields.toPairs();
}

function responseAfter(change: Partial<HeaderModifierConfig>, headers: Pairs): [string, string][] {
  return new FilterRun(headerModifier, config("response", change), makeExchange()).response(200, headers);
}

test("what is set or removed does not come back as a trailer", () => {
  const change = { set: [{ name: "x-user", value: "alice" }], remove: ["x-internal"] };
  const run = new FilterRun(headerModifier, config("request", change), makeExchange());
  const trailers = Fields.of([["x-user", "root"], ["X-Internal", "1"], ["x-checksum", "1"]]); // prettier-ignore
  run.filter.requestTrailers!(run.exchange, trailers);
  assert.deepEqual(trailers.toPairs(), [["x-checksum", "1"]]);
});

// The three examples of the Gateway API's HTTPHeaderFilter, for both directions.
for (const [direction, after] of [
  ["request", requestAfter],
  ["response", responseAfter],
] as const) {
  test(`${direction}: set overwrites`, () => {
    const set = [{ name: "my-header", value: "bar" }];
    assert.deepEqual(after({ set }, [["my-header", "foo"]]), [["my-header", "bar"]]);
    assert.deepEqual(
      after({ set }, [
        ["My-Header", "foo"],
        ["my-header", "foo2"],
      ]),
      [["my-header", "bar"]],
    );
    assert.deepEqual(after({ set }, []), [["my-header", "bar"]]);
  });

  test(`${direction}: add appends to the values that are there`, () => {
    const add = [{ name: "my-header", value: "bar,baz" }];
    assert.deepEqual(after({ add }, [["my-header", "foo"]]), [["my-header", "foo,bar,baz"]]);
    assert.deepEqual(after({ add }, [["my-header", ""]]), [["my-header", "bar,baz"]]);
    assert.deepEqual(after({ add }, []), [["my-header", "bar,baz"]]);
  });

  test(`${direction}: remove removes every field of the name, in any case`, () => {
    const headers: Pairs = [
      ["My-Header1", "foo"],
      ["my-header2", "bar"],
      ["my-header3", "baz"],
      ["MY-HEADER1", "again"],
    ];
    assert.deepEqual(after({ remove: ["my-header1", "my-header3"] }, headers), [["my-header2", "bar"]]);
  });
}

test("set comes before add, and both before remove", () => {
  const change = {
    set: [
      { name: "a", value: "1" },
      { name: "b", value: "1" },
    ],
    add: [{ name: "a", value: "2" }],
    remove: ["b"],
  };
  assert.deepEqual(requestAfter(change, [["a", "0"]]), [["a", "1,2"]]);
});

test("a cookie is added on a line of its own", () => {
  const add = [{ name: "set-cookie", value: "b=2" }];
  assert.deepEqual(responseAfter({ add }, [["set-cookie", "a=1; Expires=Thu, 01 Jan 2026"]]), [
    ["set-cookie", "a=1; Expires=Thu, 01 Jan 2026"],
    ["set-cookie", "b=2"],
  ]);
});

test("each direction leaves the other alone", () => {
  const set = [{ name: "x", value: "1" }];
  const exchange = makeExchange();
  assert.deepEqual(new FilterRun(headerModifier, config("request", { set }), exchange).response(200), []);
  new FilterRun(headerModifier, config("response", { set }), exchange).request();
  assert.deepEqual(exchange.request.fields.toPairs(), []);
});

test("a name or value that could split the message is refused when the filter is built", () => {
  for (const list of ["set", "add"] as const) {
    for (const header of [
      { name: "x", value: "a\r\nevil: 1" },
      { name: "x", value: "a\0" },
      { name: "x", value: "\u0100" },
      { name: "x: evil", value: "1" },
      { name: "", value: "1" },
    ]) {
      assert.throws(
        () => new FilterRun(headerModifier, config("request", { [list]: [header] }), makeExchange()),
        RangeError,
      );
    }
  }
});

test("whatever is configured, only field names and values come out", () => {
  const text = fc.string({ unit: "binary", maxLength: 12 });
  fc.assert(
    fc.property(text, text, text, (name, value, before) => {
      let pairs: [string, string][];
      try {
        pairs = requestAfter({ add: [{ name: name.toLowerCase(), value }] }, [["x", before]]);
      } catch (error) {
        assert.ok(error instanceof RangeError);
        return;
      }
      for (const [outName, outValue] of pairs) assert.ok(isToken(outName) && isFieldValue(outValue));
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
});
