import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Static } from "typebox";
import { Problems } from "../problem.ts";
import {
  choice,
  flag,
  int32,
  intOrString,
  keyedList,
  list,
  mapOf,
  optional,
  refine,
  set,
  struct,
  text,
  withDefault,
  type Input,
} from "./build.ts";
import { checkRules } from "./check-rules.ts";
import { checkStructure } from "./check-structure.ts";
import { formatMismatch, isIpAddress } from "./format.ts";
import { normalize } from "./normalize.ts";
import { matchesPattern } from "./pattern.ts";
import { everyItem, everyPair, rule, transition, unique } from "./rule.ts";
import type { Structural } from "./structural.ts";
import { suggestion } from "./suggest.ts";

function problemsOf(value: unknown, schema: object): string[] {
  const problems = new Problems();
  const copy = normalize(value, schema as Structural, "", problems);
  checkStructure(copy, schema as Structural, "", problems);
  if (!problems.hasErrors) checkRules(copy, schema as Structural, "", problems);
  return problems.list.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
}

describe("structure", () => {
  test("types are told apart", () => {
    assert.deepEqual(problemsOf("1", int32()), ['must be an integer, got "1"; take off the quotes']);
    assert.deepEqual(problemsOf("true", flag()), ['must be true or false, got "true"; take off the quotes']);
    assert.deepEqual(problemsOf(1.5, int32()), ["must be an integer, got 1.5"]);
    assert.deepEqual(problemsOf([], struct({})), ["must be an object, got a list"]);
    assert.deepEqual(problemsOf({}, list(text())), ["must be a list, got an object"]);
    assert.deepEqual(problemsOf(null, text()), ["must be a string, got null"]);
    assert.deepEqual(problemsOf(true, text()), ["must be a string, got true; put it in quotes"]);
    assert.deepEqual(problemsOf("x", intOrString()), []);
    assert.deepEqual(problemsOf(false, intOrString()), ["must be an integer or a string, got false"]);
  });

  test("an object is wanted with the fields that must be given, else with those that may", () => {
    const header = struct({ name: text(), kind: withDefault(text(), "a"), only: optional(text()) });
    assert.deepEqual(problemsOf("x", header), ['must be an object such as { name: … }, got "x"']);
    assert.deepEqual(problemsOf("x", list(header)), [
      'must be a list of objects such as { name: … }, got "x"',
    ]);
    const either = struct({ header: optional(header), query: optional(text()) });
    assert.deepEqual(problemsOf(true, either), ["must be an object with fields of header, query, got true"]);
    assert.deepEqual(problemsOf({}, struct({ from: header })), [
      "from: is required; give an object such as { name: … }",
    ]);
  });

  test("a number where text is wanted goes into quotes only where it fits then", () => {
    const duration = text({ pattern: "^[0-9]+s$", description: "a duration such as 5s" });
    assert.deepEqual(problemsOf(5, duration), ["must be a duration such as 5s, got 5"]);
    const digits = text({ pattern: "^[0-9]+$", description: "digits" });
    assert.deepEqual(problemsOf(5, digits), ["must be digits, got 5; put it in quotes"]);
    const code = choice(["UNAVAILABLE", "INTERNAL"]);
    assert.deepEqual(problemsOf(14, code), ["must be one of UNAVAILABLE, INTERNAL, got 14"]);
    assert.deepEqual(problemsOf(true, choice(["true", "auto"])), [
      "must be a string, got true; put it in quotes",
    ]);
  });

  test("bounds are named", () => {
    assert.deepEqual(problemsOf(0, int32({ minimum: 1 })), ["must be at least 1, got 0"]);
    assert.deepEqual(problemsOf(3, int32({ maximum: 2 })), ["must be at most 2, got 3"]);
    assert.deepEqual(problemsOf(2 ** 31, int32()), ["must be a 32-bit integer, got 2147483648"]);
    assert.deepEqual(problemsOf("abc", text({ maxLength: 2 })), ["is 3 characters long, limit 2"]);
    assert.deepEqual(problemsOf([], list(text(), { minItems: 1 })), ["must have at least 1 item"]);
    assert.deepEqual(problemsOf(["", ""], list(text(), { maxItems: 1 })), ["has 2 items, limit 1"]);
    assert.deepEqual(problemsOf({ a: "", b: "" }, mapOf(text(), { maxProperties: 1 })), [
      "has 2 entries, limit 1",
    ]);
  });

  test("length is counted in characters, not in UTF-16 units", () => {
    assert.deepEqual(problemsOf("😀😀", text({ maxLength: 2 })), []);
    assert.equal(problemsOf("😀😀😀", text({ maxLength: 2 })).length, 1);
  });

  test("a long value is shown in part", () => {
    const [message] = problemsOf("x".repeat(1000), text({ pattern: "^a$" }));
    assert.ok(message!.length < 200, message);
  });

  test("items of sets and keyed lists are unique", () => {
    assert.deepEqual(problemsOf(["a", "b", "a"], set(text())), ['[2]: duplicate item "a"; remove one']);
    const byName = keyedList(["name"], struct({ name: text(), value: optional(text()) }));
    assert.deepEqual(problemsOf([{ name: "a" }, { name: "a", value: "b" }], byName), [
      '[1]: duplicate item with name "a"; rename or remove one',
    ]);
    assert.deepEqual(problemsOf(["a", "a"], list(text())), []);
  });
});

test("an unknown field is looked for one level below", () => {
  const check = struct({ path: text() });
  const two = struct({ http: optional(check), tcp: optional(struct({})), grpc: optional(check) });
  assert.deepEqual(problemsOf({ path: "/" }, two), [
    'path: unknown field "path"; did you mean "http.path" or "grpc.path"?',
  ]);
});

test("an unknown field that is one of an object around is told to be indented too far", () => {
  const parent = struct({ name: text() });
  const spec = struct({ parents: optional(list(parent)), hostnames: optional(list(text())) });
  assert.deepEqual(problemsOf({ spec: { parents: [{ name: "a", hostnames: ["b"] }] } }, struct({ spec })), [
    'spec.parents[0].hostnames: unknown field "hostnames"; it is one of spec: indent it less',
  ]);
  assert.deepEqual(problemsOf({ spec: { status: "b" } }, struct({ spec, status: optional(text()) })), [
    'spec.status: unknown field "status"; it is one of the resource itself: indent it less',
  ]);
});

describe("rules", () => {
  test("run on sound values only, and an error in one counts as broken", () => {
    const broken = rule<{ a: { b: number } }>("r", "broken", (self) => self.a.b > 0);
    const schema = struct({ a: optional(struct({ b: int32() })) }, { rules: [broken] });
    assert.deepEqual(problemsOf({ a: { b: 1 } }, schema), []);
    assert.deepEqual(problemsOf({}, schema), ["broken"]);
    assert.deepEqual(problemsOf({ a: { b: "x" } }, schema), ['a.b: must be an integer, got "x"']);
  });

  test("on lists point at the item", () => {
    const even = everyItem<number>("r", "odd", (item) => item % 2 === 0);
    const rising = everyPair<number>("r", "falls", (a, b) => a < b);
    assert.deepEqual(problemsOf([2, 3, 5], list(int32(), { rules: [even] })), ["[1]: odd"]);
    assert.deepEqual(problemsOf([1, 3, 2], list(int32(), { rules: [rising] })), ["[2]: falls"]);
    const named = unique<{ name?: string }>("r", "twice", ({ name }) => name);
    const names = list(struct({ name: optional(text()) }), { rules: [named] });
    assert.deepEqual(problemsOf([{ name: "a" }, {}, {}, { name: "b" }, { name: "a" }], names), [
      "[4]: twice",
    ]);
  });

  test("on changes are skipped where nothing was before", () => {
    const fixed = transition<string>("r", "fixed", (self, old) => self === old);
    const schema = struct({ a: refine(text(), { rules: [fixed] }) }) as unknown as Structural;
    const messages = (old?: unknown) => {
      const problems = new Problems();
      checkRules({ a: "x" }, schema, "", problems, old);
      return problems.list.map(({ path }) => path);
    };
    assert.deepEqual(messages(), []);
    assert.deepEqual(messages({ a: "x" }), []);
    assert.deepEqual(messages({ a: "y" }), ["a"]);
    assert.deepEqual(messages({}), []);
  });
});

describe("defaults", () => {
  test("are applied from the outside in", () => {
    const inner = struct({ b: withDefault(int32(), 1), c: withDefault(int32(), 2) });
    const schema = struct({ a: withDefault(inner, { b: 5 }) }) as unknown as Structural;
    assert.deepEqual(normalize({}, schema, "", new Problems()), { a: { b: 5, c: 2 } });
    assert.deepEqual(normalize({ a: {} }, schema, "", new Problems()), { a: { b: 1, c: 2 } });
  });

  test("make a field required in what is read and optional in what is written", () => {
    const schema = struct({
      weight: withDefault(int32(), 1),
      mode: choice(["A", "B"]),
      inner: optional(list(struct({ kind: withDefault(text(), "x") }))),
    });
    const written: Input<typeof schema> = { mode: "A", inner: [{}] };
    const read: Static<typeof schema> = { weight: 1, mode: "B", inner: [{ kind: "x" }] };
    assert.deepEqual(problemsOf(written, schema), []);
    assert.deepEqual(problemsOf(read, schema), []);
    // @ts-expect-error a field without default has to be written
    const incomplete: Input<typeof schema> = { weight: 1 };
    assert.deepEqual(problemsOf(incomplete, schema), ["mode: is required; give one of A, B"]);
  });
});

test("patterns of the CRDs match what they match upstream, without backtracking", () => {
  const headerValue = "^[!-~]+([\\t ]?[!-~]+)*$";
  for (const good of ["a", "a b", "a\tb", "a b c", "!~"]) {
    assert.ok(matchesPattern(headerValue, good), good);
    assert.match(good, new RegExp(headerValue));
  }
  for (const bad of ["", " a", "a ", "a  b", "a \tb", "ä", "a\n"]) {
    assert.ok(!matchesPattern(headerValue, bad), bad);
    assert.doesNotMatch(bad, new RegExp(headerValue));
  }
});

test("formats are those that API servers check", () => {
  for (const good of ["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.123+01:00"])
    assert.equal(formatMismatch("date-time", good), undefined);
  for (const bad of ["2026-01-31", "2026-13-31T12:00:00Z", "2026-01-31T12:00:00", "now"])
    assert.notEqual(formatMismatch("date-time", bad), undefined, bad);
  assert.equal(formatMismatch("some-other", "x"), undefined);
  assert.deepEqual(["1.2.3.4", "::1", "1.2.3", "fe80::1%lo", "::ffff:1.2.3.4"].map(isIpAddress), [
    true,
    true,
    false,
    false,
    true,
  ]);
});

test("a misspelt word is matched with the one that was meant, and a strange one with none", () => {
  const known = ["hostnames", "parentRefs", "rules", "tls"];
  assert.equal(suggestion("hostname", known), "hostnames");
  assert.equal(suggestion("parentrefs", known), "parentRefs");
  assert.equal(suggestion("tsl", known), "tls");
  assert.equal(suggestion("backends", known), undefined);
  assert.equal(suggestion("x".repeat(100_000), known), undefined);
  assert.equal(suggestion("parent", known), "parentRefs");
  assert.equal(suggestion("match", ["matches", "method"]), "matches");
  assert.equal(suggestion("cert", ["certificateRefs", "certificates"]), undefined);
});
