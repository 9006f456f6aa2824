import assert from "node:assert";
import { describe, it } from "node:test";
import type { ValueMatch } from "../model/index.ts";
import { listenerUnit, namedRouter, prefix, request, routeUnit, value } from "./testing/units.ts";

function matchesHeaders(headers: ValueMatch[], fields: [string, string][]): boolean {
  const router = namedRouter(listenerUnit(""), routeUnit("a", {}, [prefix("/", { headers })]));
  return router.find(request("GET http://h:81/", fields)) !== null;
}

function matchesQuery(queryParams: ValueMatch[], query: string): boolean {
  const router = namedRouter(listenerUnit(""), routeUnit("a", {}, [prefix("/", { queryParams })]));
  return router.find(request(`GET http://h/${query}`)) !== null;
}

describe("header matches", () => {
  const cases: [string, boolean, ValueMatch, [string, string][]][] = [
    ["the exact value", true, value("version", "v1"), [["Version", "v1"]]],
    ["another value", false, value("version", "v1"), [["version", "v2"]]],
    ["values have case", false, value("version", "v1"), [["version", "V1"]]],
    ["no such header", false, value("version", "v1"), [["versions", "v1"]]],
    [
      "one of two values alone",
      false,
      value("x", "1"),
      [
        ["x", "1"],
        ["x", "2"],
      ],
    ],
    [
      "one value among several, in a different case of the name",
      false,
      value("x", "1"),
      [
        ["X", "2"],
        ["x", "1"],
      ],
    ],
    [
      "the list of all values",
      true,
      value("x", "1, 2"),
      [
        ["x", "1"],
        ["x", "2"],
      ],
    ],
    ["a list sent as one", true, value("x", "1, 2"), [["x", "1, 2"]]],
    ["regular expression, wholly", true, value("x", "v[12]", "RegularExpression"), [["x", "v2"]]],
    ["regular expression, in part", false, value("x", "v[12]", "RegularExpression"), [["x", "v23"]]],
    ["invalid regular expression", false, value("x", "(", "RegularExpression"), [["x", "("]]],
    ["host", true, value("host", "h:81"), []],
    [
      "cookie crumbs",
      true,
      value("cookie", "a=1; b=2"),
      [
        ["cookie", "a=1"],
        ["cookie", "b=2"],
      ],
    ],
  ];
  for (const [name, expected, condition, fields] of cases) {
    it(name, () => assert.equal(matchesHeaders([condition], fields), expected));
  }

  it("all of them have to hold", () => {
    const both = [value("a", "1"), value("b", "2")];
    assert.equal(
      matchesHeaders(both, [
        ["a", "1"],
        ["b", "2"],
      ]),
      true,
    );
    assert.equal(matchesHeaders(both, [["a", "1"]]), false);
  });

  it("only the first entry of a name counts", () => {
    assert.equal(matchesHeaders([value("a", "1"), value("a", "2")], [["a", "1"]]), true);
    assert.equal(matchesHeaders([value("a", "1"), value("a", "2")], [["a", "2"]]), false);
  });

  it("sees framing fields in the head's typed members", () => {
    const headers = [value("upgrade", "websocket"), value("expect", "100-continue"), value("te", "trailers")];
    const router = namedRouter(listenerUnit(""), routeUnit("a", {}, [prefix("/", { headers })]));
    const head = request("GET http://h/");
    assert.equal(router.find(head), null);
    head.upgrade = "websocket";
    head.expectsContinue = true;
    head.acceptsTrailers = true;
    assert.equal(router.find(head)?.value, "a#0");
  });
});

describe("query parameter matches", () => {
  const cases: [string, boolean, ValueMatch, string][] = [
    ["the exact value", true, value("a", "1"), "?a=1"],
    ["among others", true, value("a", "1"), "?b=2&a=1&c"],
    ["another value", false, value("a", "1"), "?a=2"],
    ["no query", false, value("a", "1"), ""],
    ["part of a name", false, value("a", "1"), "?ba=1&aa=1&ab=1"],
    ["names have case", false, value("a", "1"), "?A=1"],
    ["the first value counts", true, value("a", "1"), "?a=1&a=2"],
    ["the second does not", false, value("a", "1"), "?a=2&a=1"],
    ["an escaped value", true, value("a", "x y/ü"), "?a=x+y%2f%C3%BC"],
    ["a value with an escaped plus", true, value("a", "1+1"), "?a=1%2B1"],
    ["an escaped name", true, value("a", "1"), "?%61=1"],
    ["an escaped name that comes first", false, value("a", "1"), "?%61=2&a=1"],
    ["a name with an ampersand in its escape", true, value("a&b", "1"), "?a%26b=1"],
    ["a name whose plus is a space", false, value("a+b", "1"), "?a+b=1"],
    ["a name with an escaped plus", true, value("a+b", "1"), "?a%2Bb=1"],
    ["no equals sign", true, value("a", "", "RegularExpression"), "?a"],
    ["equals sign within the value", true, value("a", "b=c"), "?a=b=c"],
    ["empty parameters", true, value("a", "1"), "?&&a=1&"],
    ["a broken escape stands for itself", true, value("a", "%zz%"), "?a=%zz%"],
    ["broken UTF-8", true, value("a", "\u{fffd}"), "?a=%ff"],
    ["regular expression", true, value("a", "[0-9]{2}", "RegularExpression"), "?a=%31%32"],
    ["regular expression, in part", false, value("a", "[0-9]{2}", "RegularExpression"), "?a=123"],
    ["names of Object's prototype", true, value("__proto__", "1"), "?constructor=2&__proto__=1"],
  ];
  for (const [name, expected, condition, query] of cases) {
    it(name, () => assert.equal(matchesQuery([condition], query), expected));
  }

  it("a long query of broken escapes throws nothing", () => {
    assert.equal(matchesQuery([value("abc", "1")], `?${"%f%%ff%f0%=%u&".repeat(5_000)}abc=1`), true);
  });
});
