import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Family, labels } from "./exposition.ts";
import { parseExposition } from "./exposition.suite.ts";

describe("Family", () => {
  it("writes a counter with and without labels", () => {
    const family = new Family("a_total", "counter", "What a is.");
    family.sample("", 3);
    family.sample(labels([["x", "1"]]), 0.5);
    assert.equal(
      family.text,
      '# HELP a_total What a is.\n# TYPE a_total counter\na_total 3\na_total{x="1"} 0.5\n',
    );
  });

  it("writes a histogram with cumulative buckets", () => {
    const family = new Family("d_seconds", "histogram", "How long.");
    family.histogram('r="a"', ["0.1", "1"], [2, 3, 4], 12.5);
    assert.equal(
      family.text,
      "# HELP d_seconds How long.\n# TYPE d_seconds histogram\n" +
        'd_seconds_bucket{r="a",le="0.1"} 2\n' +
        'd_seconds_bucket{r="a",le="1"} 5\n' +
        'd_seconds_bucket{r="a",le="+Inf"} 9\n' +
        'd_seconds_sum{r="a"} 12.5\nd_seconds_count{r="a"} 9\n',
    );
  });

  it("is nothing when it has no samples", () => {
    assert.equal(new Family("a_total", "counter", "What a is.").text, "");
  });

  it("escapes quotes, backslashes and line ends in a label's value", () => {
    const family = new Family("a_total", "counter", "What a is.");
    family.sample(labels([["path", 'C:\\dir "x"\n']]), 1);
    assert.ok(family.text.endsWith('a_total{path="C:\\\\dir \\"x\\"\\n"} 1\n'));
    const parsed = parseExposition(family.text).get("a_total")!;
    assert.deepEqual([...parsed.samples.keys()], ['a_total{path=C:\\dir "x"\n}']);
  });
});
