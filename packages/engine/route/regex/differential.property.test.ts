import assert from "node:assert";
import { it } from "node:test";
import * as fc from "fast-check";
import { compileRegex } from "./compile-regex.ts";

/** Patterns in the syntax that both engines share, over a small alphabet so that matches are frequent. */
const letter = fc.constantFrom("a", "b", "A", "_", "1", "-", "/", " ");
const atoms =
  "a b 1 / - _ . \\d \\w \\W \\D \\s \\S [ab] [^a] [a-z] [A-Z1-] [\\d/] [^\\w] \\. \\/ \\x61 (?:) (?:^) (?:$) (?:\\b) (?:\\B)";
const atom = fc.constantFrom(...atoms.split(" "));
const quantifier = fc.constantFrom("", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?", "??", "{1,2}?");
const { pattern } = fc.letrec<{ pattern: string; sequence: string; part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.tuple(atom, quantifier).map(([a, q]) => a + q),
    fc
      .tuple(fc.constantFrom("(", "(?:", "(?s:"), tie("pattern"), quantifier)
      .map(([open, body, q]) => `${open}${body})${q}`),
  ),
  sequence: fc.array(tie("part"), { maxLength: 3 }).map((parts) => parts.join("")),
  pattern: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((options) => options.join("|")),
}));
// Short, patterns too: V8 backtracks. Its nested (?i:) and (?-i:) are wrong at times, so they are left out.
const text = fc
  .array(fc.oneof(letter, fc.constantFrom("\n", "ä")), { maxLength: 6 })
  .map((units) => units.join(""));

it("agrees with V8's engine", () => {
  let matched = 0;
  let asked = 0;
  fc.assert(
    fc.property(
      pattern.filter((source) => source.length <= 40),
      fc.boolean(),
      fc.array(text, { minLength: 5, maxLength: 10 }),
      (source, isFolded, texts) => {
        const result = compileRegex(isFolded ? `(?i)${source}` : source);
        assert.equal(result.problem, null, source);
        const reference = new RegExp(`^(?:${source})$`, isFolded ? "i" : "");
        for (const one of texts) {
          asked++;
          const expected = reference.test(one);
          if (expected) matched++;
          assert.equal(result.regex!.matches(one), expected, `${source} on ${JSON.stringify(one)}`);
          // Again, now from the cache.
          assert.equal(result.regex!.matches(one), expected);
        }
      },
    ),
    { seed: 20_261_124, numRuns: 2_000 },
  );
  assert.ok(matched > asked / 50, `${matched} of ${asked} texts matched: the patterns say too little`);
});

it("never throws, whatever the pattern", () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom(..."()[]{}?*+|\\^$.-:=<>,0123456789abdwsxu".split("")),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), text, (pieces, one) => {
      const result = compileRegex(pieces.join(""));
      if (result.problem === null) result.regex.matches(one);
      else assert.match(result.problem, / \(at character \d+\)$/);
    }),
    { seed: 7, numRuns: 5_000 },
  );
});
