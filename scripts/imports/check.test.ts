import assert from "node:assert/strict";
import { test } from "node:test";
import { checkImports, type Problem } from "./check.ts";

const declared: Record<string, string[]> = {
  "": ["fast-check", "oxc-parser"],
  "packages/engine": [],
  "packages/filters": ["@heddle/engine"],
  "packages/heddle": ["@heddle/engine", "@heddle/filters", "yaml"],
  "packages/node": ["@heddle/engine"],
  "packages/testkit": ["@heddle/engine", "@peculiar/x509"],
};

/** Checks a tree of the given files; a file that is only imported needs no more than an empty text. */
function check(files: Record<string, string>): Problem[] {
  return checkImports({
    sources: new Map(Object.entries(files)),
    dependencies: new Map(Object.entries(declared)),
  });
}

/** A tree of one import: `file` imports `specifier`, and `target` exists. */
const one = (file: string, specifier: string, ...targets: string[]) =>
  check({ ...Object.fromEntries(targets.map((target) => [target, ""])), [file]: `import "${specifier}";` });

test("compile takes types of filters, and nothing that runs", () => {
  const door = { "packages/filters/index.ts": "" };
  const file = "packages/heddle/compile/x.ts";
  assert.deepEqual(check({ ...door, [file]: 'import type { A } from "@heddle/filters";' }), []);
  assert.deepEqual(check({ ...door, [file]: 'export type { A } from "@heddle/filters";' }), []);
  const [problem] = check({ ...door, [file]: 'import { type A } from "@heddle/filters";' });
  assert.match(problem!.message, /compile may import none of it/);
});

const allowed: [title: string, file: string, specifier: string, target?: string][] = [
  [
    "a lower rank of the engine",
    "packages/engine/proxy/x.ts",
    "../base/index.ts",
    "packages/engine/base/index.ts",
  ],
  [
    "a sub-area's own door",
    "packages/engine/net/x.ts",
    "../wire/http1/index.ts",
    "packages/engine/wire/http1/index.ts",
  ],
  ["a file of the same area", "packages/engine/net/x.ts", "./y.ts", "packages/engine/net/y.ts"],
  [
    "a folder without a door in the same area",
    "packages/engine/cluster/x.ts",
    "./health/y.ts",
    "packages/engine/cluster/health/y.ts",
  ],
  ["node:buffer in a pure area", "packages/engine/wire/x.ts", "node:buffer"],
  ["node:net in net", "packages/engine/net/x.ts", "node:net"],
  ["node:crypto in compile", "packages/heddle/compile/x.ts", "node:crypto"],
  [
    "engine/base in compile",
    "packages/heddle/compile/x.ts",
    "@heddle/engine/base",
    "packages/engine/base/index.ts",
  ],
  [
    "engine/filter in a filter",
    "packages/filters/cors/x.ts",
    "@heddle/engine/filter",
    "packages/engine/filter/index.ts",
  ],
  [
    "engine/runtime in app",
    "packages/heddle/app/x.ts",
    "@heddle/engine/runtime",
    "packages/engine/runtime/index.ts",
  ],
  ["filters in app", "packages/heddle/app/x.ts", "@heddle/filters", "packages/filters/index.ts"],
  [
    "engine/runtime in node",
    "packages/node/server/x.ts",
    "@heddle/engine/runtime",
    "packages/engine/runtime/index.ts",
  ],
  ["a declared package of npm", "packages/heddle/resources/x.ts", "yaml"],
  ["the testkit in a test", "packages/engine/net/x.test.ts", "@heddle/testkit", "packages/testkit/index.ts"],
  [
    "the testkit in a suite",
    "packages/heddle/store/contract.suite.ts",
    "@heddle/testkit",
    "packages/testkit/index.ts",
  ],
  ["the testkit in test/e2e", "test/e2e/start.ts", "@heddle/testkit", "packages/testkit/index.ts"],
  ["the testkit in bench", "bench/compare/main.ts", "@heddle/testkit", "packages/testkit/index.ts"],
  [
    "the engine's proxy in a test of a filter",
    "packages/filters/cors/x.test.ts",
    "@heddle/engine/proxy",
    "packages/engine/proxy/index.ts",
  ],
  ["any of Node's modules in a test of a pure area", "packages/engine/wire/x.test.ts", "node:fs"],
  ["a development dependency in a test", "packages/engine/wire/x.test.ts", "fast-check"],
  [
    "an area from the package's root door",
    "packages/heddle/index.ts",
    "./resources/index.ts",
    "packages/heddle/resources/index.ts",
  ],
  [
    "the command line from the launcher",
    "packages/heddle/bin/heddle.js",
    "../cli/main.ts",
    "packages/heddle/cli/main.ts",
  ],
];

for (const [title, file, specifier, target] of allowed) {
  test(`allows ${title}`, () => {
    assert.deepEqual(one(file, specifier, ...(target ? [target] : [])), []);
  });
}

const refused: [title: string, file: string, specifier: string, message: RegExp, ...targets: string[]][] = [
  [
    "an import upward in the engine",
    "packages/engine/wire/x.ts",
    "../net/index.ts",
    /engine\/wire stands below engine\/net; move/,
    "packages/engine/net/index.ts",
  ],
  [
    "siblings of one rank",
    "packages/engine/route/x.ts",
    "../balance/index.ts",
    /engine\/route and engine\/balance are siblings/,
    "packages/engine/balance/index.ts",
  ],
  [
    "an upward import of types",
    "packages/engine/base/x.test.ts",
    "../net/index.ts",
    /stands below/,
    "packages/engine/net/index.ts",
  ],
  [
    "upward in heddle",
    "packages/heddle/resources/x.ts",
    "../compile/index.ts",
    /heddle\/resources stands below heddle\/compile/,
    "packages/heddle/compile/index.ts",
  ],
  [
    "siblings in heddle",
    "packages/heddle/api/x.ts",
    "../feed/index.ts",
    /siblings/,
    "packages/heddle/feed/index.ts",
  ],
  [
    "an area that imports its package's root",
    "packages/heddle/cli/x.ts",
    "../index.ts",
    /heddle\/cli stands below heddle;/,
    "packages/heddle/index.ts",
  ],
  [
    "a file behind another area's door",
    "packages/engine/net/x.ts",
    "../base/clock.ts",
    /engine\/base is imported through its door only; import packages\/engine\/base\/index\.ts/,
    "packages/engine/base/clock.ts",
  ],
  [
    "a file behind a sub-area's door",
    "packages/engine/wire/x.ts",
    "./http1/parse.ts",
    /engine\/wire\/http1 is imported through its door only/,
    "packages/engine/wire/http1/parse.ts",
    "packages/engine/wire/http1/index.ts",
  ],
  [
    "a file behind a filter's door",
    "packages/filters/cors/x.ts",
    "../jwt/verify.ts",
    /filters\/jwt is imported through its door only/,
    "packages/filters/jwt/verify.ts",
  ],
  [
    "node:net outside net",
    "packages/engine/listener/x.ts",
    "node:net",
    /only engine\/net imports node:net; export/,
  ],
  [
    "node:fs in a pure area",
    "packages/engine/wire/http1/x.ts",
    "node:fs",
    /engine\/wire is pure and may import node:buffer alone/,
  ],
  ["node:fs in message", "packages/engine/message/x.ts", "node:fs", /pure/],
  ["node:fs in model", "packages/engine/model/x.ts", "node:fs", /pure/],
  ["node:fs in route", "packages/engine/route/x.ts", "node:fs", /pure/],
  ["node:crypto in balance", "packages/engine/balance/x.ts", "node:crypto", /pure/],
  [
    "node:fs in compile",
    "packages/heddle/compile/x.ts",
    "node:fs",
    /heddle\/compile is pure and may import node:buffer, node:crypto alone/,
  ],
  ["a module of Node without its prefix", "packages/engine/net/x.ts", "fs", /write "node:fs"/],
  [
    "a package of npm in the engine",
    "packages/engine/net/x.ts",
    "yaml",
    /@heddle\/engine has no runtime dependencies/,
  ],
  [
    "an undeclared package",
    "packages/heddle/cli/x.ts",
    "chalk",
    /chalk is not declared in packages\/heddle\/package\.json/,
  ],
  [
    "a development dependency in code that ships",
    "packages/heddle/cli/x.ts",
    "fast-check",
    /fast-check is not declared/,
  ],
  [
    "an undeclared workspace",
    "packages/node/x.ts",
    "@heddle/filters",
    /@heddle\/filters is not declared/,
    "packages/filters/index.ts",
  ],
  [
    "engine/net in a filter",
    "packages/filters/cors/x.ts",
    "@heddle/engine/net",
    /of engine, filters\/cors may import engine\/base, .* alone/,
    "packages/engine/net/index.ts",
  ],
  [
    "engine/net in compile",
    "packages/heddle/compile/x.ts",
    "@heddle/engine/net",
    /of engine, heddle\/compile may import engine\/base/,
    "packages/engine/net/index.ts",
  ],
  [
    "the engine in resources",
    "packages/heddle/resources/x.ts",
    "@heddle/engine/base",
    /heddle\/resources may import none of it/,
    "packages/engine/base/index.ts",
  ],
  [
    "heddle in the engine",
    "packages/engine/net/x.ts",
    "heddle",
    /of heddle, engine\/net may import none of it/,
    "packages/heddle/index.ts",
  ],
  [
    "the engine in web",
    "packages/web/map/x.ts",
    "@heddle/engine/base",
    /of engine, web\/map may import none of it/,
    "packages/engine/base/index.ts",
  ],
  [
    "the testkit in code that ships",
    "packages/heddle/cli/x.ts",
    "@heddle/testkit",
    /only tests import the testkit/,
    "packages/testkit/index.ts",
  ],
  [
    "the testkit in an example",
    "examples/shop/x.ts",
    "@heddle/testkit",
    /only tests import the testkit/,
    "packages/testkit/index.ts",
  ],
  [
    "a relative way into another package",
    "bench/compare/x.ts",
    "../../packages/engine/net/index.ts",
    /write "@heddle\/engine\/net"/,
    "packages/engine/net/index.ts",
  ],
  [
    "a package's own name within it",
    "packages/engine/net/x.ts",
    "@heddle/engine/base",
    /write "\.\.\/base\/index\.ts"/,
    "packages/engine/base/index.ts",
  ],
  [
    "a file that does not exist",
    "packages/engine/net/x.ts",
    "./y",
    /there is no packages\/engine\/net\/y; name an existing file/,
  ],
  [
    "a door that does not exist",
    "packages/heddle/app/x.ts",
    "@heddle/engine/nets",
    /there is no packages\/engine\/nets\/index\.ts/,
  ],
];

for (const [title, file, specifier, message, ...targets] of refused) {
  test(`refuses ${title}`, () => {
    const problems = one(file, specifier, ...targets);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.equal(problems[0]?.file, file);
    assert.match(problems[0]?.message ?? "", message);
    assert.match(problems[0]?.message ?? "", /^imports ".+": .+; .+/);
  });
}

test("refuses an area without a rank", () => {
  const problems = check({ "packages/engine/misc/x.ts": "" });
  assert.match(problems[0]?.message ?? "", /area engine\/misc has no rank; put the file/);
});

test("refuses a package without a rule", () => {
  assert.match(check({ "packages/other/x.ts": "" })[0]?.message ?? "", /packages\/other has no import rule/);
});

test("says so when it has read no files", () => {
  assert.match(check({})[0]?.message ?? "", /no source files were read/);
});

test("names the line of the import", () => {
  const problems = check({
    "packages/engine/base/x.ts": 'const a = 1;\n\nexport { b } from "yaml";\nexport { a };\n',
  });
  assert.deepEqual(
    problems.map(({ file, line }) => [file, line]),
    [["packages/engine/base/x.ts", 3]],
  );
});

test("reports a circle once, from its first file, at its shortest", () => {
  const problems = check({
    "packages/engine/net/a.ts": 'import "./b.ts"; import "./c.ts";',
    "packages/engine/net/b.ts": 'import type { C } from "./c.ts";',
    "packages/engine/net/c.ts": 'import "./a.ts";',
  });
  assert.equal(problems.length, 1);
  assert.match(
    problems[0]?.message ?? "",
    /circle: packages\/engine\/net\/a\.ts -> packages\/engine\/net\/c\.ts -> packages\/engine\/net\/a\.ts/,
  );
});

test("a worker's file is checked like an import but makes no circle", () => {
  const start = (file: string) => `new Worker(new URL("${file}", import.meta.url));`;
  assert.deepEqual(check({ "packages/engine/runtime/worker.ts": start("./worker.ts") }), []);
  const problems = check({
    "packages/engine/net/x.ts": start("../runtime/worker.ts"),
    "packages/engine/runtime/worker.ts": "",
  });
  assert.match(problems[0]?.message ?? "", /engine\/net stands below engine\/runtime/);
});
