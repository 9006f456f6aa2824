import assert from "node:assert";
import { describe, it } from "node:test";
import { compileRegex } from "./compile-regex.ts";
import { parsePattern } from "./parse.ts";
import { compileProgram } from "./program.ts";

/** Patterns that take backtracking engines exponential or polynomial time, with a text that shows it. */
const EVIL: [pattern: string, part: string, end: string][] = [
  ["(a+)+", "a", "!"],
  ["([a-zA-Z]+)*", "a", "1"],
  ["(a|a)*", "a", "!"],
  ["(a|aa)+", "a", "!"],
  ["(.*a){20}", "a", "!"],
  ["(x+x+)+y", "x", ""],
  [".*.*.*=.*", "x", ""],
  ["(a?){50}a{50}", "a", ""],
  ["(([a-z])+.)+[A-Z]([a-z])+", "a", ""],
  ["([a-z0-9]([-a-z0-9]*[a-z0-9])?\\.)+x", "a-.", "-"],
  ["(\\b\\w*\\b\\W*)*!", "ab ", "?"],
  ["(a*)*(a*)*(a*)*b", "a", ""],
  ["(?i)(a|B)*c{0,200}(ab)*d", "aB", "e"],
];

/** Their DFA has 2^n states: the cache overflows. */
const EXPLOSIVE: [pattern: string, part: string, end: string][] = [
  ["(a|b)*a(a|b){16}", "abbabaabbaababba", "c"],
  ["(.*[02468]).{30}x", "0123456789", "y"],
  [".*a.{400}", "ba", ""],
];

const LENGTH = 50_000;

describe("no pattern takes more than linear time (threats 22)", () => {
  for (const [pattern, part, end] of [...EVIL, ...EXPLOSIVE]) {
    it(`${pattern} on ${LENGTH} characters`, () => {
      const { regex } = compileRegex(pattern);
      assert.ok(regex !== null);
      const size = compileProgram(parsePattern(pattern)).code.length;
      const text = part.repeat(LENGTH / part.length) + end;
      const bound = (text.length + 1) * size;
      for (let round = 1; round <= 2; round++) {
        regex.matches(text);
        assert.ok(regex.visits <= round * bound, `${regex.visits} visits, bound ${round * bound}`);
        assert.ok(regex.cachedStates <= 256, `${regex.cachedStates} states are cached`);
      }
    });
  }

  it("usual evil patterns are answered by the cache: their work does not grow with the text", () => {
    for (const [pattern, part, end] of EVIL) {
      const { regex } = compileRegex(pattern);
      regex!.matches(part.repeat(200) + end);
      const { visits } = regex!;
      regex!.matches(part.repeat(LENGTH / part.length) + end);
      assert.ok(regex!.visits <= visits * 2, `${pattern}: ${visits}, then ${regex!.visits} visits`);
    }
  });

  it("an overflowing cache does not change the answer", () => {
    const { regex } = compileRegex("(a|b)*a(a|b){16}");
    let state = 1;
    for (let round = 0; round < 20; round++) {
      let text = "";
      for (let i = 0; i < 1_000; i++) {
        state = (state * 1103515245 + 12345) % 2147483648;
        text += state % 3 === 0 ? "a" : "b";
      }
      assert.equal(regex!.matches(text), text[text.length - 17] === "a");
      assert.equal(regex!.matches(`${text}c`), false);
    }
  });

  it("the largest program on a text of its worst case keeps to the bound", () => {
    const pattern = "(.?){450}x";
    const { regex } = compileRegex(pattern);
    const size = compileProgram(parsePattern(pattern)).code.length;
    const text = "ab".repeat(1_000);
    regex!.matches(text);
    assert.ok(regex!.visits <= (text.length + 1) * size);
  });

  it("a pattern of very many ranges is compiled without comparing each with each", () => {
    const units = Array.from({ length: 1_300 }, (_, i) => String.fromCharCode(0x100 + i * 3));
    const pattern = `[${units.join("")}]*`;
    const { regex } = compileRegex(pattern);
    assert.equal(regex!.matches(units.join("")), true);
    assert.equal(regex!.matches(String.fromCharCode(0x101)), false);
  });
});
