import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Fields, isFieldValue, isToken } from "./fields.ts";
import { knownNameId } from "./known-names.ts";

/** As a codec would give it. */
function parsed(...lines: string[]): Fields {
  let text = "";
  const spans: number[] = [];
  for (const line of lines) {
    const [name, value] = line.split(": ");
    const at = text.length;
    const valueAt = at + name.length + 2;
    spans.push(knownNameId(name.toLowerCase()), at, at + name.length, valueAt, valueAt + value.length);
    text += `${line}\r\n`;
  }
  return new Fields(text, spans);
}

suite("fields of a head's text", () => {
  test("are found without case, known names and others", () => {
    const fields = parsed("Cookie: a", "X-One: 1", "COOKIE: b", "x-oNE: 2");
    assert.equal(fields.get("cookie"), "a");
    assert.deepEqual(fields.getAll("cookie"), ["a", "b"]);
    assert.equal(fields.get("x-one"), "1");
    assert.deepEqual(fields.getAll("x-one"), ["1", "2"]);
    assert.equal(fields.getList("x-one"), "1, 2");
    assert.equal(fields.get("x-on"), undefined);
    assert.equal(fields.get("x-one2"), undefined);
    assert.equal(fields.has("X-One"), false, "names are asked for in lower case");
    assert.equal(fields.size, 4);
  });

  test("can be removed, replaced and added to", () => {
    const fields = parsed("A: 1", "B: 2", "a: 3");
    fields.add("a", "4");
    assert.deepEqual(fields.getAll("a"), ["1", "3", "4"]);
    assert.equal(fields.delete("a"), true);
    assert.equal(fields.delete("a"), false);
    assert.equal(fields.has("a"), false);
    fields.set("b", "5");
    fields.set("b", "6");
    assert.deepEqual(fields.toPairs(), [["b", "6"]]);
    assert.equal(fields.size, 1);
  });

  test("a clone changes alone", () => {
    const fields = parsed("A: 1");
    fields.add("b", "2");
    const copy = fields.clone();
    copy.delete("a");
    copy.add("c", "3");
    assert.deepEqual(fields.toPairs(), [
      ["a", "1"],
      ["b", "2"],
    ]);
    assert.deepEqual(copy.toPairs(), [
      ["b", "2"],
      ["c", "3"],
    ]);
  });

  test("an empty value is a value", () => {
    const fields = parsed("A: ");
    assert.equal(fields.get("a"), "");
    assert.equal(fields.getList("a"), "");
    assert.equal(fields.getList("b"), undefined);
  });
});

suite("what may be added (threat 11)", () => {
  test("names are tokens", () => {
    for (const name of ["", "a b", "a:", "a\r\n", "é", "a\u0100"]) {
      assert.throws(() => new Fields().add(name, "x"), RangeError, JSON.stringify(name));
      assert.throws(() => new Fields().set(name, "x"), RangeError);
    }
    assert.ok(isToken("X-a!#$%&'*+.^_`|~9"));
  });

  test("values hold no control characters, and nothing above U+00FF", () => {
    for (const value of ["a\r\nb: c", "a\nb", "\0", "\x7f", "\u0100", "\u560d\u560a"]) {
      assert.throws(() => new Fields().add("a", value), RangeError, JSON.stringify(value));
      assert.throws(() => Fields.of([["a", value]]), RangeError);
    }
    assert.ok(isFieldValue("tab\tspace é"));
    assert.ok(isFieldValue(""));
  });

  test("pairs are lower-cased", () => {
    assert.deepEqual(Fields.of([["X-A", "B"]]).toPairs(), [["x-a", "B"]]);
  });
});
