import assert from "node:assert";
import { describe, it } from "node:test";
import { compileRegex } from "./compile-regex.ts";

function matches(pattern: string, text: string): boolean {
  const result = compileRegex(pattern);
  assert.equal(result.problem, null, pattern);
  return result.regex!.matches(text);
}

describe("regular expressions match the whole text", () => {
  const cases: [pattern: string, matching: string[], other: string[]][] = [
    ["", [""], ["a"]],
    ["abc", ["abc"], ["ab", "abcd", "xabc", ""]],
    ["^abc$", ["abc"], ["abcd"]],
    ["a^b|c$d", [], ["ab", "cd", "a", "d"]],
    ["\\Aabc\\z", ["abc"], ["abcd"]],
    ["abc|abd", ["abc", "abd"], ["ab"]],
    ["abc?", ["ab", "abc"], ["a"]],
    ["abc*d", ["abd", "abccd"], ["acd"]],
    ["^^ab\\bc|", [""], ["abc"]],
    ["ab(?i)cd", ["abcd", "abCD"], ["ABcd"]],
    ["a|bc|", ["a", "bc", ""], ["abc", "b"]],
    ["/v[12]/.*", ["/v1/", "/v2/x/y"], ["/v3/", "/v1"]],
    ["a*b+c?", ["b", "aabbc"], ["a", "c", "bcc"]],
    ["a{2}b{1,}c{0,2}d{,2}", ["aabd{,2}", "aabbccd{,2}"], ["abd{,2}", "aabcccd{,2}"]],
    ["a{0}b{0,0}", [""], ["a", "b"]],
    ["x{a}", ["x{a}"], ["xa"]],
    ["(a)(?:b)(?<n>c)(?P<m>d)", ["abcd"], ["abc"]],
    ["a+?b*?c??", ["a", "aabbc"], ["b"]],
    ["[a-c\\d_-]+", ["a-1_"], ["d", "A", ""]],
    ["[^/]+", ["a b\n"], ["a/b", ""]],
    ["[]a]+", ["]a"], ["b"]],
    ["[^]a]", ["b"], ["]", "a"]],
    ["[a-]", ["a", "-"], ["b"]],
    ["[\\w-]+", ["a-b"], ["a b"]],
    ["[[:alpha:]_[:^digit:]]", ["a", "_", "!"], ["1"]],
    ["[.*+?()|]+", ["(.*)|+?"], ["a"]],
    ["\\.\\*\\/\\-\\{", [".*/-{"], ["a*/-{"]],
    ["\\x41\\x{42}\\u0043\\t", ["ABC\t"], ["ABC"]],
    [".", ["a", "\r", "ü"], ["\n", ""]],
    ["(?s).(?-s:.)", ["\na"], ["a\n"]],
    ["(?i)héLLo", ["hÉllo".replace("É", "é"), "HéLLO"], ["hÉllo"]],
    ["a(?i)b|c", ["ab", "aB", "C"], ["AB"]],
    ["(a(?i)b)c", ["aBc"], ["aBC"]],
    ["(?i:[a-c])[^(]", ["BX"], ["DX"]],
    ["(?i)[^a]", ["b"], ["a", "A"]],
    ["\\bfoo\\b.*", ["foo", "foo bar"], ["foobar"]],
    [".*\\bbar", ["foo bar", "bar", "/bar"], ["foobar"]],
    ["fo\\Bo.*", ["foo"], []],
    ["\\b", [], [""]],
    ["\\B", [""], []],
    ["\\d\\D\\w\\W\\s\\S", ["1aa- x"], ["aaa- x"]],
    ["\\s+", ["\t\n\f\r "], ["\v", "\u{a0}"]],
    ["(a*)*(b|)+", ["", "aab"], ["ba"]],
    ["(?:)", [""], ["x"]],
    ["()*()+(){3}", [""], ["x"]],
    ["ä|[α-ω]+", ["ä", "λόγος".normalize("NFC").replace("ό", "ο")], ["a"]],
  ];
  for (const [pattern, matching, other] of cases) {
    it(pattern === "" ? "the empty pattern" : pattern, () => {
      for (const text of matching) assert.equal(matches(pattern, text), true, JSON.stringify(text));
      for (const text of other) assert.equal(matches(pattern, text), false, JSON.stringify(text));
    });
  }
});

describe("patterns that are refused, with the place", () => {
  const cases: [pattern: string, problem: string][] = [
    ["a(?=b)", "lookaround is not supported: it has no linear-time match (at character 2)"],
    ["(?<!a)b", "lookaround is not supported: it has no linear-time match (at character 1)"],
    ["(a)\\1", "backreferences are not supported: they have no linear-time match (at character 4)"],
    ["(a", '"(" without its ")" (at character 1)'],
    ["a)b", '")" without its "(" (at character 2)'],
    ["[a", '"[" without its "]" (at character 1)'],
    ["[]", '"[" without its "]" (at character 1)'],
    ["[b-a]", 'class range "b-a" is out of order (at character 2)'],
    ["[a-\\d]", 'class range "a-\\d" is out of order (at character 2)'],
    ["[[:letter:]]", "character class name is unknown (at character 2)"],
    ["*a", "nothing to repeat (at character 1)"],
    ["a|+", "nothing to repeat (at character 3)"],
    ["(?i)*", "nothing to repeat (at character 5)"],
    ["{2}", "nothing to repeat (at character 1)"],
    ["a**", "a repetition is repeated without a group (at character 3)"],
    ["a{2}{3}", "a repetition is repeated without a group (at character 5)"],
    ["a++", "possessive quantifiers are not supported (at character 3)"],
    ["a{3,2}", "repetition {3,2} is out of order (at character 2)"],
    ["a{1001}", "repetition count 1001, limit 1000 (at character 2)"],
    ["a\\", "pattern ends with a backslash (at character 2)"],
    ["\\p{L}", 'escape "\\p" is not supported (at character 1)'],
    ["\\xg0", "hexadecimal escape is malformed (at character 1)"],
    ["\\x{1F600}", "characters above U+FFFF are not supported (at character 1)"],
    ["(?m)a", 'group syntax "(?m" is not supported (at character 1)'],
    ["(?>a)", 'group syntax "(?>" is not supported (at character 1)'],
    ["(?<1a>b)", "group name is malformed (at character 1)"],
    ["(?i", "group syntax is not supported (at character 1)"],
    ["(.{100}){10}", "pattern is too large: 1001 instructions, limit 1000 (at character 1)"],
    ["(".repeat(101) + ")".repeat(101), "groups nest deeper than 100 (at character 101)"],
  ];
  for (const [pattern, problem] of cases) {
    it(pattern.slice(0, 20), () => assert.equal(compileRegex(pattern).problem, problem));
  }

  it("counts inside counts are refused before they are unrolled", () => {
    for (const body of ["a", "", "a|b", "\\b"]) {
      const nested = `${"(".repeat(99)}${body}${"){1000}".repeat(99)}`;
      assert.match(compileRegex(nested).problem ?? "", /^pattern is too large/);
      const empty = `${"(".repeat(99)}${body}${"){0,1000}".repeat(98)}){0}`;
      assert.match(compileRegex(empty).problem ?? "too large", /too large/);
    }
  });
});
