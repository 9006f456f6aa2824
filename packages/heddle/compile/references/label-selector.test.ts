import assert from "node:assert/strict";
import { test } from "node:test";
import { selectorMistake, selects } from "./label-selector.ts";

const labels = { team: "blue", tier: "front" };

test("a selector holds where all of its entries hold", () => {
  const one = (key: string, operator: string, values?: string[]) => ({
    matchExpressions: [values === undefined ? { key, operator } : { key, operator, values }],
  });
  const table: [Parameters<typeof selects>[0], boolean][] = [
    [{}, true],
    [{ matchLabels: { team: "blue" } }, true],
    [{ matchLabels: { team: "blue", tier: "back" } }, false],
    [{ matchLabels: { constructor: "x" } }, false],
    [one("team", "In", ["red", "blue"]), true],
    [one("team", "In", ["red"]), false],
    [one("absent", "In", ["red"]), false],
    [one("team", "NotIn", ["red"]), true],
    [one("team", "NotIn", ["blue"]), false],
    [one("absent", "NotIn", ["blue"]), true],
    [one("team", "Exists"), true],
    [one("toString", "Exists"), false],
    [one("absent", "DoesNotExist"), true],
    [one("team", "DoesNotExist"), false],
    [{ matchLabels: { team: "blue" }, ...one("tier", "In", ["back"]) }, false],
    [one("team", "Like", ["blue"]), false],
  ];
  for (const [selector, expected] of table) {
    assert.equal(selects(selector, labels), expected, JSON.stringify(selector));
  }
});

test("a selector that cannot be read is named by field", () => {
  const mistake = (operator: string, values: string[]) =>
    selectorMistake({ matchExpressions: [{ key: "a", operator, values }] })?.path;
  assert.equal(mistake("In", []), "matchExpressions[0].values");
  assert.equal(mistake("NotIn", []), "matchExpressions[0].values");
  assert.equal(mistake("Exists", ["x"]), "matchExpressions[0].values");
  assert.equal(mistake("DoesNotExist", ["x"]), "matchExpressions[0].values");
  assert.equal(mistake("in", ["x"]), "matchExpressions[0].operator");
  assert.equal(mistake("In", ["x"]), undefined);
  assert.equal(mistake("Exists", []), undefined);
});
